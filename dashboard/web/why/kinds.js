// @ts-check
// How each kind of decision looks in the story: its icon, and its tone where it means something.

/** @type {Record<string, string>} */
export const ICONS = {
  Received: "chat", Routed: "transfer", Diverted: "transfer", Reclassed: "transfer", Queued: "queues", HeldFor: "person", Deferred: "clock", Widened: "queues",
  Announced: "note", Offered: "bell", RangAlso: "bell", Accepted: "check", Assigned: "check", Declined: "close", OfferLapsed: "warn", OfferWithdrawn: "back", RingStopped: "back",
  TakenBack: "back", Escalated: "warn", Reminded: "clock", Transferred: "transfer", TransferReturned: "back", Parked: "clock", Returned: "back", CustomerLeft: "line",
  Abandoned: "late", WrapUpStarted: "note", WrapUpKept: "note", WrapUpExtended: "clock", Closed: "check", Overflowed: "transfer", OverflowTold: "note", CallbackAsked: "phone",
  CustomerCalled: "phone", CallbackReached: "phone", CallbackFailed: "warn", ParticipantAsked: "bell", ParticipantJoined: "person", ParticipantLeft: "person", LegLost: "warn",
  OutsideAsked: "line", OutsideJoined: "line", OutsideLeft: "line", HandedOut: "transfer", Ordered: "person", WindowClosed: "warn", LineHeld: "clock", Rated: "check",
};

/** @type {Record<string, string>} */
export const TONES = {
  Accepted: "good", Assigned: "good", CallbackReached: "good", Closed: "good", Declined: "soon", OfferLapsed: "soon", TransferReturned: "soon", Escalated: "soon", LegLost: "soon",
  CallbackFailed: "soon", WindowClosed: "soon", Abandoned: "bad",
};
