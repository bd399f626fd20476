// @ts-check
// Whether somebody has touched this page: before that a browser plays no sound and opens no microphone.

/** Do it now, or at the first touch of the page. @param {() => void} act */
export function whenClicked(act) {
  const { userActivation } = navigator;
  if (!userActivation || userActivation.hasBeenActive) { act(); return; }
  const once = () => {
    for (const name of ["pointerdown", "keydown"]) removeEventListener(name, once, true);
    act();
  };
  for (const name of ["pointerdown", "keydown"]) addEventListener(name, once, true);
}
