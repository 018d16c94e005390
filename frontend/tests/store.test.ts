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
    const lines = events.flatMap((event) => (event.lines ?? []).map((line) => ({ ...line, seq: event.seq })));
    for (let seed = 1; seed <= 100; seed++) {
      const roll = dice(seed);
      const replica = new Replica();
      replica.start(base(recording), 1, []);
      replica.log.gaps = [];
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
      expect(replica.log.lines).toEqual(lines);
      expect(replica.log.gaps).toEqual([]);
    }
  });

  it("applies what comes before a gap inside a frame, and nothing after it", () => {
    const replica = started(1);
    expect(replica.events(1, [said(1), said(2), said(4)])).toBe("gap");
    expect(replica.cursor).toEqual({ after: 2, epoch: 1 });
    expect(texts(replica)).toEqual(["line 1", "line 2"]);
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
    expect(texts(replica)).toEqual([]);
    expect(replica.log.gaps).toEqual([{ after: 0, upto: 2 }]);
  });

  it("keeps its lines over a snapshot of the same epoch, and knows which it lacks", () => {
    const replica = started(1);
    replica.events(1, [said(1), said(2)]);
    replica.snapshot(1, { ...blankJob("a"), seq: 7 });
    replica.events(1, [said(8)]);
    expect(texts(replica)).toEqual(["line 1", "line 2", "line 8"]);
    expect(replica.log.gaps).toEqual([{ after: 2, upto: 7 }]);
    // An archive may lack superseded progress, so the end of the gap is not always an event.
    replica.log.fill(replica.log.gaps[0] as never, [said(3), said(5)], false);
    replica.log.fill(replica.log.gaps[0] as never, [], true);
    expect(texts(replica)).toEqual(["line 1", "line 2", "line 3", "line 5", "line 8"]);
    expect(replica.log.gaps).toEqual([]);
  });

  it("passes over a snapshot that is older than what it has", () => {
    const replica = started(1);
    replica.events(1, [said(1), said(2)]);
    expect(replica.snapshot(1, { ...blankJob("a"), seq: 1 })).toBe("nothing");
    expect(replica.cursor?.after).toBe(2);
  });

  it("starts from a page that holds the last events only, and fills the beginning page by page", () => {
    const replica = new Replica();
    replica.start({ ...blankJob("a"), seq: 1200 }, 3, [said(1199), said(1200)]);
    expect(replica.log.gaps).toEqual([{ after: 0, upto: 1198 }]);
    for (let gap = replica.log.gaps[0]; gap; gap = replica.log.gaps[0]) {
      const from = gap.after + 1;
      replica.log.fill(
        gap,
        Array.from({ length: 500 }, (_, i) => said(from + i)).filter((e) => e.seq <= 1200),
        false,
      );
    }
    expect(replica.log.lines.map((line) => line.seq)).toEqual(Array.from({ length: 1200 }, (_, i) => i + 1));
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
  replica.start(blankJob("a"), epoch, []);
  return replica;
}

const texts = (replica: Replica): string[] => replica.log.lines.map((line) => line.text);
