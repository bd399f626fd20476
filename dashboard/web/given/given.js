// @ts-check
// Says that a complaint or a review is mine from now on: seen for a while and heard once, wherever I am looking.
// Who took what rang here is told beside it.
import { countLate } from "../frame/shell.js";
import { tell } from "../frame/state.js";
import { t } from "../frame/words.js";
export { tellTaken } from "./taken.js";

/** @param {{kind: string, ref: string}} frame */
export function given({ kind, ref }) {
  tell(t(`given.${kind}`, { ref }));
  void countLate();
}
