// PURE. What a job's progress says in words. dashboard/templatetags/taskcast_progress.py writes it the same way.

import { count } from "./format";
import { t } from "./i18n";
import type { Progress, State } from "./types";

/** The step that stands for all those which are not shown. */
const OTHERS = "…";

export const hasTotal = (step: Progress): boolean => (step.total ?? 0) > 0;

/** Whether the progress counts steps that come one after another; the one at work is described in its own line. */
export function isSummary(progress: Progress): boolean {
  if (progress.total !== null && progress.total !== progress.current) return false;
  const isOfThem = progress.steps?.some((step) => step.description === progress.description);
  return Boolean(isOfThem) && progress.current <= opened(progress);
}

const opened = (progress: Progress): number =>
  progress.steps.reduce((sum, step) => sum + (step.description === OTHERS ? (step.total ?? 0) : 1), 0);

/** What stands over the bar: the description, or "Step 2" where the step says the rest itself. */
export function described(progress: Progress): string {
  if (!isSummary(progress)) return progress.description;
  if (progress.total !== null) return t("Steps");
  return t("Step {n}", { n: count(Math.min(progress.current + 1, opened(progress))) });
}

/** Whether numbers belong beside the words: "Step 2" has its own already. */
export const saysAmount = (progress: Progress): boolean => hasTotal(progress) || !isSummary(progress);

/** The steps that are over. */
export const finished = (steps: Progress[], state: State): Progress[] =>
  named(steps).filter((step) => isOver(step, state) && nameOf(step));

export const nameOf = ({ description, total }: Progress): string =>
  description === OTHERS ? `${OTHERS} ${count(total ?? 0)}` : description;

export const unfinished = (steps: Progress[], state: State): Progress[] =>
  named(steps).filter((step) => !isOver(step, state));

/** A step without a name is called by its place; where some are not shown, nobody knows its place. */
function named(steps: Progress[]): Progress[] {
  if (steps.some((step) => step.description === OTHERS)) return steps;
  return steps.map((step, at) => ({
    ...step,
    description: step.description || t("Step {n}", { n: count(at + 1) }),
  }));
}

const isOver = (step: Progress, state: State): boolean =>
  hasTotal(step) ? step.current >= (step.total as number) : state === "succeeded";
