import { html, type TemplateResult } from "lit";
import { plotOf } from "../charts";
import type { Json } from "../types";
import { isTable } from "./value";

/** The chart of a table; its place, where its rows are not here yet or a page has no script for charts. */
export function chart(name: string, kind: string, rows: Json | undefined): TemplateResult {
  const plot = rows !== undefined && isTable(rows) && load() ? plotOf(name, kind, rows) : null;
  return html`<div class="output-chart">${plot ? html`<taskcast-plot .plot=${plot}></taskcast-plot>` : ""}</div>`;
}

let asked = false;

/** Have the script of charts come, which is as large as all the rest, once there is something to draw. */
function load(): boolean {
  const src = document.querySelector<HTMLElement>("taskcast-job[data-plot]")?.dataset.plot;
  if (!src) return false;
  if (!asked) document.head.append(Object.assign(document.createElement("script"), { type: "module", src }));
  asked = true;
  return true;
}
