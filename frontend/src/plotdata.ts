// PURE. What a chart is made of, and how its numbers are written and stacked.

/** A colour by what it means: the name of a token in styles/tokens.css. */
export type Tone = "accent" | "running" | "good" | "bad" | "warn" | "lost" | "idle";

export interface PlotSeries {
  label: string;
  kind: "line" | "bars";
  tone: Tone;
  /** One for each x; null where there is none. */
  values: (number | null)[];
  /** What the legend says while nobody points at anything, such as the sum. */
  total?: string;
}

export interface Plot {
  /** What the chart shows, for who does not see it. */
  label: string;
  /** Ascending: numbers, or, where `time` is set, seconds since 1970. */
  x: number[];
  time?: boolean;
  /** What the values are; without it plain numbers. */
  unit?: "seconds";
  /** Each series stands on those before it. */
  stacked?: boolean;
  /** The axis begins at zero even where no value comes near it; with bars it always does. */
  zero?: boolean;
  series: PlotSeries[];
}

type Column = (number | null)[];

/** The columns as they are drawn: each on top of those before it where they are stacked. */
export function columns(plot: Plot): Column[] {
  if (!plot.stacked) return plot.series.map(({ values }) => values);
  const height = plot.x.map(() => 0);
  return plot.series.map(({ values }) =>
    height.map((_, i) => {
      height[i] = (height[i] ?? 0) + (values[i] ?? 0);
      return height[i] ?? 0;
    }),
  );
}

/** From where to where the axis goes: a bar at its end has half of its width beyond its x. */
export function reach(plot: Plot): [number, number] {
  const first = plot.x[0] ?? 0;
  const last = plot.x.at(-1) ?? 1;
  const gaps = plot.x.slice(1).map((x, i) => x - (plot.x[i] ?? x));
  const step = gaps.length ? Math.min(...gaps) : plot.time ? 60 : 1;
  const beyond = hasBars(plot) || first === last ? step / 2 : 0;
  return [first - beyond, last + beyond];
}

export const hasBars = (plot: Plot): boolean => plot.series.some(({ kind }) => kind === "bars");

/** The lowest and the highest of the axis, with some air above. */
export function heights(plot: Plot, low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  const isGrounded = plot.zero || hasBars(plot);
  const bottom = isGrounded ? Math.min(0, low) : low;
  const top = isGrounded ? Math.max(0, high) : high;
  if (bottom === top) return isGrounded ? [0, 1] : [bottom - 1, top + 1];
  const air = (top - bottom) * 0.08;
  if (isGrounded) return [bottom, top + air];
  return [bottom < 0 ? bottom - air : Math.max(0, bottom - air), top + air];
}

/** Whether two charts differ in nothing but their numbers. */
export function isAlike(one: Plot, other: Plot): boolean {
  const shape = ({ series, label, x: _, ...rest }: Plot) =>
    JSON.stringify([label, rest, series.map((each) => [each.label, each.kind, each.tone])]);
  return shape(one) === shape(other);
}

const UNITS: [unit: string, seconds: number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
  ["millisecond", 0.001],
];

/** A value in the reader's words: `1,204`, `1.5s`, `12ms`. */
export function written(value: number | null | undefined, unit: Plot["unit"], language: string): string {
  if (value === null || value === undefined) return "–";
  const digits = { maximumSignificantDigits: Math.abs(value) < 1000 ? 3 : 21, maximumFractionDigits: 2 };
  if (unit !== "seconds") return new Intl.NumberFormat(language, digits).format(value);
  const [name, seconds] = UNITS.find(([, size]) => Math.abs(value) >= size) ?? ["second", 1];
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: name,
    unitDisplay: "narrow",
    maximumSignificantDigits: 3,
  }).format(value / seconds);
}

/** `14:03`, or `11-28 14:03` where the axis spans more than a day. */
export function clockOf(seconds: number, span: number, zone: string | undefined): string {
  const parts: Record<string, string> = {};
  const format = new Intl.DateTimeFormat("en", {
    hourCycle: "h23",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    ...(span <= 300 ? { second: "2-digit" } : {}),
    ...(zone ? { timeZone: zone } : {}),
  });
  for (const { type, value } of format.formatToParts(seconds * 1000)) parts[type] = value;
  const clock = [parts.hour, parts.minute, parts.second].filter(Boolean).join(":");
  return span > 90_000 ? `${parts.month}-${parts.day} ${clock}` : clock;
}
