// @ts-check
// From a time on the wall of another zone to the moment it names. Nothing is shown here.

/** What a zone's clocks show at a moment, as if it were UTC. @param {number} at @param {string} zone */
export function wallOf(at, zone) {
  const parts = new Intl.DateTimeFormat("en-u-ca-gregory-nu-latn", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).formatToParts(at);
  const of = (/** @type {string} */ type) => Number(parts.find((part) => part.type === type)?.value);
  return Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"));
}

/** The moment at which a zone's clocks show a local time such as 2026-12-24T20:00. @param {string} local @param {string} zone */
export function momentOf(local, zone) {
  const shown = Date.parse(`${local}Z`);
  if (Number.isNaN(shown)) return 0;
  const near = shown - (wallOf(shown, zone) - shown);
  return near - (wallOf(near, zone) - shown);
}
