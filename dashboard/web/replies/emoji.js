// @ts-check
// The emoji of the writing list, by the words one types for them. Few, and all of them fit a customer.

/** @type {[string, string][]} */
export const EMOJI = [
  ["🙂", "smile happy"], ["😊", "blush warm smile"], ["😀", "grin happy"], ["😅", "sweat phew oops"], ["😉", "wink"], ["😍", "love eyes"],
  ["🤔", "think hmm"], ["😕", "confused unsure"], ["😢", "sad cry"], ["😟", "worried"], ["🙏", "thanks please pray"], ["👍", "thumbsup yes ok good"],
  ["👌", "ok perfect"], ["👋", "wave hello bye"], ["👏", "clap bravo"], ["💪", "strong"], ["🤝", "handshake deal"], ["❤️", "heart love"],
  ["🎉", "party congrats"], ["🎁", "gift present"], ["🎂", "cake birthday"], ["⭐", "star"], ["✨", "sparkles"], ["✅", "check done yes"],
  ["❌", "cross no"], ["⚠️", "warning"], ["❗", "exclamation important"], ["❓", "question"], ["📦", "parcel package"], ["🚚", "truck delivery"],
  ["📧", "email mail"], ["📞", "phone call"], ["💬", "chat message"], ["📎", "clip attachment"], ["📄", "page document"], ["📷", "camera photo"],
  ["💳", "card payment"], ["💰", "money refund"], ["🧾", "receipt invoice"], ["📅", "calendar date"], ["⏰", "alarm time"], ["⏳", "wait hourglass"],
  ["🔒", "lock secure"], ["🔑", "key password"], ["🔧", "fix wrench"], ["🏠", "home house"], ["🌍", "world"], ["☀️", "sun"],
];
