// @ts-check
// The wallboard within the frame; on a wall it has a page of its own (page.js).
import { html } from "../vendor/ui.js";
import { Board } from "./board.js";

export const Screen = () => html`<main class="wall-view" tabindex="0"><${Board} turns /></main>`;
