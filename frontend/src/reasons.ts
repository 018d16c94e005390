// PURE. Why a job is as it is, in the reader's language: `reason` is stored in English, these are its known
// sentences. dashboard/reasons.py knows the same ones.

import { t } from "./i18n";

/** The first that fits is taken. */
const SENTENCES = [
  "{reason}; next try at {time}",
  "next try at {time}",
  "{reason}; waiting to be started again",
  "the broker does not answer; the job will be sent when it does",
  "no worker has it, and its message is in no queue any more",
  "waiting for a worker: none is listening to queue {queue}",
  "queue {queue} is paused",
  "worker {worker} has been silent since {time}",
  "worker {worker} stopped answering at {time}; it was killed or cut off",
  "worker {worker} runs, but no longer has this job and never told its end",
  "worker {worker} was stopped before this job had ended",
  "its worker or its process died each time that it was started; it is not started again",
  "its process died",
  "its process was killed by {signal}: memory had run out",
  "its process was killed by {signal}: by hand, or by the kernel when memory ran out",
  "its process was killed by {signal}",
  "its process ended with exit code {code} before the task did",
  "its process ended before the task did",
  "the task itself asked to be ignored",
  "asked for by the task",
  "the task itself asked to be sent again",
  "another task goes on in its place",
  "it expired before a worker was free",
  "terminated by {signal}",
  "revoked",
  "{bad} of {all} jobs did not succeed",
  "{cancelled} of {all} jobs were cancelled",
];

const known = SENTENCES.map((text) => ({
  text,
  // The sentences have no other sign that means something in a pattern.
  pattern: new RegExp(`^${text.replace(/\{(\w+)\}/g, "(?<$1>.+)")}$`, "s"),
}));

/** The reason in the reader's language where it is one of ours; a task's own words stay as they are. */
export function reasonWords(reason: string): string {
  for (const { text, pattern } of known) {
    const found = pattern.exec(reason);
    if (!found) continue;
    const holes = { ...found.groups };
    if (holes.reason) holes.reason = reasonWords(holes.reason);
    return t(text, holes);
  }
  return reason;
}
