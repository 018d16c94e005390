import uPlot from "uplot";
import { clockOf, columns, hasBars, heights, isAlike, type Plot, reach, written } from "../plotdata";

/** Pixels that a number on an axis wants around it, at the usual size of letters. */
const [ACROSS, DOWN] = [64, 32];
/** So many values are dots on their line. */
const FEW = 12;

/**
 * A chart: `plot`, or the JSON in the page that `data` names. What stands in it beforehand stays and says the same in
 * words; the chart itself is drawn into its `.plot-box`, and its legend's `.plot-value`s tell what the pointer, or the
 * arrow keys, are at. Charts with the same `sync` point at the same place.
 */
export class PlotElement extends HTMLElement {
  private shown: Plot | undefined;
  private chart: uPlot | undefined;
  private box: HTMLElement | undefined;
  private legend: HTMLElement | undefined;
  private readonly size = new ResizeObserver(() => this.resize());
  private readonly dark = matchMedia("(prefers-color-scheme: dark)");
  private readonly repaint = () => this.chart?.redraw();

  get plot(): Plot | undefined {
    return this.shown;
  }

  set plot(plot: Plot | undefined) {
    const old = this.shown;
    this.shown = plot;
    if (!this.isConnected || !plot) return;
    if (this.chart && old && isAlike(old, plot)) {
      this.chart.setData(dataOf(plot));
      this.tell();
    } else this.draw();
  }

  connectedCallback(): void {
    this.takeEarly();
    if (!this.shown) {
      const script = document.getElementById(this.getAttribute("data") ?? "");
      if (script?.textContent) this.shown = JSON.parse(script.textContent) as Plot;
    }
    this.dark.addEventListener("change", this.repaint);
    this.draw();
  }

  disconnectedCallback(): void {
    this.dark.removeEventListener("change", this.repaint);
    this.size.disconnect();
    this.chart?.destroy();
    this.chart = undefined;
  }

  /** What was set before this script had come is a plain property that hides ours. */
  private takeEarly(): void {
    if (!Object.hasOwn(this, "plot")) return;
    const early = this as { plot?: Plot };
    const value = early.plot;
    delete early.plot;
    this.plot = value;
  }

  private draw(): void {
    this.chart?.destroy();
    this.chart = undefined;
    const { shown: plot } = this;
    if (!plot) return;
    this.setUp(plot);
    const box = this.box as HTMLElement;
    this.size.disconnect();
    this.size.observe(box);
    this.chart = new uPlot(this.options(plot, box), dataOf(plot), box);
    this.tell();
  }

  private setUp(plot: Plot): void {
    this.box = this.querySelector<HTMLElement>(".plot-box") ?? made("div", "plot-box");
    this.legend = this.querySelector<HTMLElement>(".plot-legend") ?? made("ul", "plot-legend");
    if (!this.contains(this.box)) this.prepend(this.legend, this.box);
    this.box.tabIndex = 0;
    this.box.setAttribute("role", "img");
    this.box.setAttribute("aria-label", plot.label);
    this.box.onkeydown = (event) => this.step(event);
    this.box.onfocus = () => this.legend?.setAttribute("aria-live", "polite");
    this.box.onblur = () => {
      this.legend?.removeAttribute("aria-live");
      this.point(null);
    };
    if (this.legend.querySelectorAll(".plot-value").length === plot.series.length) return;
    this.legend.replaceChildren(
      ...plot.series.map(({ label, tone }) => {
        const item = made("li");
        item.dataset.tone = tone;
        item.append(made("span", "plot-mark"), `${label} `, made("b", "plot-value"));
        return item;
      }),
      made("li", "plot-at"),
    );
  }

  private options(plot: Plot, box: HTMLElement): uPlot.Options {
    const style = getComputedStyle(box);
    const pixels = Number.parseFloat(style.fontSize);
    const quiet = () => getComputedStyle(box).color;
    const grid = { stroke: () => getComputedStyle(box).borderTopColor, width: 1 };
    const font = `${pixels}px ${style.fontFamily}`;
    const scale = pixels / 12;
    const axis = { stroke: quiet, font, ticks: { show: false }, gap: 6 };
    const drawn = plot.series.map((each, i) => {
      const colour = () => this.colour(i);
      const bars = each.kind === "bars";
      return {
        label: each.label,
        stroke: bars ? "transparent" : colour,
        width: bars ? 0 : 2,
        ...(bars
          ? { fill: colour, paths: uPlot.paths.bars?.({ size: [0.8, 48, 1] }), points: { show: false } }
          : {
              points: { show: true, size: 5, fill: colour, filter: (_, k) => alone(this.shown ?? plot, k) },
            }),
      } as uPlot.Series;
    });
    const low = plot.unit ? { incrs: INCREMENTS } : {};
    return {
      width: box.clientWidth,
      height: box.clientHeight,
      legend: { show: false },
      // The lower ones are drawn over the higher ones.
      series: [{}, ...drawn.reverse()],
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone() ?? "UTC"),
      scales: {
        x: { time: plot.time ?? false, range: () => reach(this.shown ?? plot) },
        y: { range: (_, low, high) => heights(this.shown ?? plot, low, high) },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 24 * scale,
          space: ACROSS * scale,
          ...(plot.time
            ? { values: (u, splits) => splits.map((x) => clockOf(x, span(u), zone())) }
            : { values: (_, splits) => splits.map((x) => written(x, undefined, language())) }),
          ...(!plot.time && plot.x.every(Number.isInteger) ? { incrs: WHOLE } : {}),
        },
        {
          ...axis,
          grid,
          ...low,
          space: DOWN * scale,
          size: (u, values) => widest(u, values ?? [], font) + 10,
          values: (_, splits) => splits.map((y) => written(y, plot.unit, language())),
          ...(isWhole(plot) ? { incrs: WHOLE } : {}),
        },
      ],
      cursor: {
        y: false,
        drag: { x: false, y: false },
        points: { show: !hasBars(plot), size: 7 },
        ...(this.getAttribute("sync") ? { sync: { key: this.getAttribute("sync") ?? "" } } : {}),
      },
      hooks: { setLegend: [() => this.tell()] },
      padding: [8, 8 * scale, 0, 0],
    };
  }

  /** The series' colour as the style sheet has it now, light or dark. */
  private colour(i: number): string {
    const mark = this.legend?.querySelectorAll<HTMLElement>(".plot-mark")[i];
    return mark ? getComputedStyle(mark).backgroundColor : "currentColor";
  }

  private resize(): void {
    const { chart, box } = this;
    if (!chart || !box?.clientWidth) return;
    if (chart.width !== box.clientWidth || chart.height !== box.clientHeight)
      chart.setSize({ width: box.clientWidth, height: box.clientHeight });
  }

  /** Arrow keys go from one x to the next. */
  private step(event: KeyboardEvent): void {
    const { shown, chart } = this;
    if (!shown || !chart || event.altKey || event.ctrlKey || event.metaKey) return;
    const last = shown.x.length - 1;
    const at = chart.cursor.idx ?? null;
    const to = {
      ArrowLeft: at === null ? last : at - 1,
      ArrowRight: at === null ? 0 : at + 1,
      Home: 0,
      End: last,
    };
    if (event.key === "Escape") this.point(null);
    else if (event.key in to) this.point(Math.min(last, Math.max(0, to[event.key as keyof typeof to])));
    else return;
    event.preventDefault();
  }

  private point(i: number | null): void {
    const { shown, chart } = this;
    if (!chart || !shown) return;
    const x = i === null ? undefined : shown.x[i];
    chart.setCursor(x === undefined ? { left: -10, top: -10 } : { left: chart.valToPos(x, "x"), top: 1 });
  }

  /** The legend says what is pointed at; where nothing is, the sums. */
  private tell(): void {
    const { shown, chart, legend } = this;
    if (!shown || !legend) return;
    const i = chart?.cursor.idx ?? null;
    const values = legend.querySelectorAll(".plot-value");
    shown.series.forEach((each, k) => {
      const value = values[k];
      if (value)
        value.textContent = i === null ? (each.total ?? "") : written(each.values[i], shown.unit, language());
    });
    const at = legend.querySelector(".plot-at");
    const x = i === null ? undefined : shown.x[i];
    if (at)
      at.textContent =
        x === undefined || !chart
          ? ""
          : shown.time
            ? clockOf(x, span(chart), zone())
            : written(x, undefined, language());
  }
}

/** Seconds at which an axis of durations is divided. */
const INCREMENTS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800,
  3600, 7200, 21_600, 43_200, 86_400, 172_800, 432_000, 864_000, 8_640_000,
];
/** What is counted is not divided. */
const WHOLE = [1, 2, 5]
  .flatMap((n) => Array.from({ length: 13 }, (_, i) => n * 10 ** i))
  .sort((a, b) => a - b);

const isWhole = (plot: Plot): boolean =>
  !plot.unit &&
  plot.series.every(({ values }) => values.every((value) => value === null || Number.isInteger(value)));

/** Points that no line would show: with none beside them; of few, all. `k` counts from 1, as drawn: the last first. */
function alone(plot: Plot, k: number): number[] {
  const values = plot.series.at(-k)?.values ?? [];
  const all = [...values.keys()].filter((i) => values[i] !== null);
  if (all.length <= FEW) return all;
  return all.filter((i) => (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null);
}

const dataOf = (plot: Plot): uPlot.AlignedData => [plot.x, ...columns(plot).reverse()] as uPlot.AlignedData;

const span = (chart: uPlot): number => (chart.scales.x?.max ?? 0) - (chart.scales.x?.min ?? 0);

function widest(chart: uPlot, values: string[], font: string): number {
  chart.ctx.save();
  chart.ctx.font = font;
  const widths = values.map((text) => chart.ctx.measureText(text).width);
  chart.ctx.restore();
  return Math.ceil(Math.max(0, ...widths));
}

function made(tag: string, name = ""): HTMLElement {
  const element = document.createElement(tag);
  if (name) element.className = name;
  return element;
}

const language = (): string => document.documentElement.lang || "en";
const zone = (): string | undefined => document.documentElement.dataset.timeZone;
