// @ts-check
// The room of everything that is done with a conversation but talking: handing on, parking, ending. It only names its parts.
export { Transfer } from "./transfer.js";
export { Park } from "./park.js";
export { WrapUp } from "./wrapup.js";
export { Strip } from "./strip.js";
export { Export } from "./export.js";
export { Block } from "./block.js";
