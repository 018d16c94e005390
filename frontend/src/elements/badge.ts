import { html, type TemplateResult } from "lit";
import { stateWord } from "../format";
import type { State } from "../types";

/** A job's state as a shape and a word: nobody has to tell colours apart. */
export const badge = (state: State): TemplateResult =>
  html`<span class="badge" data-state=${state}>${stateWord(state)}</span>`;
