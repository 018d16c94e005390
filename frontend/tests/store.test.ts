import { describe, expect, it } from "vitest";
import recorded from "../../tests/data/recorded_events.json";
import { blankJob, fold, Replica } from "../src/store";
import type { Job, JobEvent } from "../src/types";

interface Recording {
  snapshot: Job | null;
  events: JobEvent[];
  final: Job;
}
const recordings = recorded.jobs as unknown as Recording[];
const base = ({ snapshot, final }: Recording): Job => snapshot ?? blankJob(final.id);

/** A small generator with a seed, so that a failure can be seen again. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

describe("the law, from the recording that Python is tested with", () => {
  it.each(recordings)("folds to the final job: $final.task", (recording) => {
    expect(recording.events.reduce(fold, base(recording))).toEqual(recording.final);
  });

  it.each(recordings)("any snapshot plus the events after it is the same job: $final.task", (recording) => {
    const { events, final } = recording;
    for (let cut = 0; cut <= events.length; cut++) {
      const snapshot = events.slice(0, cut).reduce(fold, base(recording));
      // All events again: those that the snapshot holds already must change nothing.
      expect(events.reduce(fold, snapshot)).toEqual(final);
    }
  });

  it("does not change the job that it folds", () => {
    const job = Object.freeze(blankJob("a"));
    const event: JobEvent = { seq: 1, time: "", kind: "state", set: { state: "started" } };
    expect(fold(job, event)).toMatchObject({ state: "started", seq: 1 });
    expect(job.seq).toBe(0);
  });
});

describe("a replica", () => {
  it.each(recordings)("takes frames with repeats and gaps, and ends the same: $final.task", (recording) => {
    const { events, final } = recording;
    const offset = base(recording).seq;
    const lines = events.flatMap((event) => event.lines ?? []).map((line, n) => ({ ...line, number: n + 1 }));
    for (let seed = 1; seed <= 100; seed++) {
      const roll = dice(seed);
      const replica = new Replica();
      replica.start(base(recording), 1, [], 0);
      for (let frames = 0; (replica.job as Job).seq < final.seq; frames++) {
        expect(frames).toBeLessThan(10_000);
        const before = (replica.job as Job).seq;
        const at = roll(events.length);
        const frame = events.slice(at, at + 1 + roll(6));
        const outcome = replica.events(1, frame);
        const isGap = (frame[0] as JobEvent).seq > before + 1;
        const isOld = (frame.at(-1) as JobEvent).seq <= before;
        expect(outcome).toBe(isGap ? "gap" : isOld ? "nothing" : "applied");
        // As the caller does at a gap: go on from the cursor.
        if (isGap) replica.events(1, events.slice(before - offset, before - offset + 1 + roll(4)));
      }
      expect(replica.job).toEqual(final);
      expect(held(replica)).toEqual(lines);
    }
  });

  it("applies what comes before a gap inside a frame, and nothing after it", () => {
    const replica = started(1);
    expect(replica.events(1, [said(1), said(2), said(4)])).toBe("gap");
    expect(replica.cursor).toEqual({ after: 2, epoch: 1 });
    expect(replica.log.total).toBe(2);
  });

  it("has no cursor before it knows anything", () => {
    const replica = new Replica();
    expect(replica.cursor).toBeNull();
    expect(replica.events(1, [said(1)])).toBe("gap");
  });

  it("does not mix epochs: their numbers mean different events", () => {
    const replica = started(1);
    replica.events(1, [said(1), said(2)]);
    expect(replica.events(2, [said(3)])).toBe("gap");
    expect(replica.cursor).toEqual({ after: 2, epoch: 1 });
  });

  it("reads the whole log again when an epoch begins, also if it stands further back", () => {
    const replica = started(1);
    replica.events(1, [said(1), said(2), said(3)]);
    expect(replica.snapshot(2, { ...blankJob("a"), seq: 2 })).toBe("applied");
    expect(replica.cursor).toEqual({ after: 2, epoch: 2 });
    expect(replica.log.total).toBeNull();
    expect(replica.log.get(1)).toBeUndefined();
  });

  it("keeps its lines over a snapshot of the same epoch, and numbers what comes once it is told how many it lacks", () => {
    const replica = started(1);
    replica.events(1, [said(1), said(2)]);
    replica.snapshot(1, { ...blankJob("a"), seq: 7 });
    replica.events(1, [said(8), said(9)]);
    expect(replica.log.total).toBeNull();
    // An answer from before the snapshot says nothing.
    replica.log.count(6, 60);
    expect(replica.log.total).toBeNull();
    replica.log.count(8, 80);
    replica.events(1, [said(10)]);
    expect(replica.log.total).toBe(82);
    expect([1, 2, 3, 80, 81, 82].map((n) => replica.log.get(n)?.text)).toEqual([
      "line 1",
      "line 2",
      undefined,
      undefined,
      "line 9",
      "line 10",
    ]);
  });

  it("passes over lines that the server counted before they arrived", () => {
    const replica = started(1);
    replica.snapshot(1, { ...blankJob("a"), seq: 7 });
    replica.log.count(9, 90);
    replica.events(1, [said(8), said(9), said(10)]);
    expect(replica.log.total).toBe(91);
    expect(replica.log.get(91)?.text).toBe("line 10");
    expect(replica.log.get(90)).toBeUndefined();
  });

  it("leaves out what was too long for a frame, and its numbers free", () => {
    const replica = started(1);
    const note = { time: "", level: "warning", text: "(2 more lines: too long to be shown live)" };
    replica.events(1, [{ ...said(1), lines: [...(said(1).lines ?? []), note], lost: 2 }, said(2)]);
    expect([1, 2, 3, 4].map((n) => replica.log.get(n)?.text)).toEqual([
      "line 1",
      undefined,
      undefined,
      "line 2",
    ]);
  });

  it("lets go what is far from the end and from what is looked at", () => {
    const replica = started(1);
    replica.events(
      1,
      Array.from({ length: 20_000 }, (_, n) => said(n + 1)),
    );
    replica.log.forget(8_000, 8_100);
    const kept = [1, 4_999, 5_001, 8_050, 11_000, 11_101, 16_999, 17_001, 20_000];
    expect(kept.filter((n) => replica.log.get(n))).toEqual([5_001, 8_050, 11_000, 17_001, 20_000]);
  });

  it("passes over a snapshot that is older than what it has", () => {
    const replica = started(1);
    replica.events(1, [said(1), said(2)]);
    expect(replica.snapshot(1, { ...blankJob("a"), seq: 1 })).toBe("nothing");
    expect(replica.cursor?.after).toBe(2);
  });

  it("starts from a page that holds the last events only, whose lines have their numbers", () => {
    const replica = new Replica();
    replica.start({ ...blankJob("a"), seq: 1200 }, 3, [said(1199), said(1200)], 5_000);
    replica.events(3, [said(1201)]);
    expect(replica.log.total).toBe(5_001);
    expect([4_998, 4_999, 5_000, 5_001].map((n) => replica.log.get(n)?.text)).toEqual([
      undefined,
      "line 1199",
      "line 1200",
      "line 1201",
    ]);
  });
});

const said = (seq: number): JobEvent => ({
  seq,
  time: "2025-11-22T05:00:00Z",
  kind: "log",
  lines: [{ time: "2025-11-22T05:00:00Z", level: "info", text: `line ${seq}` }],
});

function started(epoch: number): Replica {
  const replica = new Replica();
  replica.start(blankJob("a"), epoch, [], 0);
  return replica;
}

const held = (replica: Replica): unknown[] =>
  Array.from({ length: replica.log.total ?? 0 }, (_, n) => replica.log.get(n + 1));
