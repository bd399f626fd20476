// Addresses of pages in what we say become links; everything else of a text stays text.
const ADDRESS = /https?:\/\/[^\s<>"]+/g;
// What ends a sentence, or closes what stands around an address, is none of it.
const AFTER = /[.,;:!?…。，；：！？、'"”’»\])）】]+$/;

const isAddress = (text) => {
  try {
    return Boolean(new URL(text).host);
  } catch {
    return false;
  }
};

/** @param {string} said @returns {(string | HTMLAnchorElement)[]} */
export function withLinks(said) {
  const parts = [];
  let at = 0;
  for (const found of said.matchAll(ADDRESS)) {
    const address = found[0].replace(AFTER, "");
    if (!isAddress(address)) continue;
    parts.push(said.slice(at, found.index));
    parts.push(Object.assign(document.createElement("a"), { href: address, target: "_blank", rel: "noopener noreferrer", textContent: address }));
    at = found.index + address.length;
  }
  return [...parts, said.slice(at)];
}
