// What `vendor/ui.js` is to the modules that import it: the packages it was made of, and htm bound to Preact.
import type { VNode } from "preact";

export { Fragment, h, render } from "preact";
export { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
export { Signal, batch, computed, effect, signal, untracked, useComputed, useSignal } from "@preact/signals";
export function html(strings: TemplateStringsArray, ...values: any[]): VNode;
