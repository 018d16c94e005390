// How the cells of a map look: a state is a shape, as on its badge, and the colour only helps.

import type { Cell, Grid } from "./cells";
import type { State } from "./types";

/** Steps in which a cell of a job that runs fills up. */
const LEVELS = 8;

export type Tones = Record<State | "ground", string>;

/** Draws cells; each look is drawn once, and then its pixels are copied. */
export class Painter {
  private readonly looks = new Map<string, Uint32Array>();

  constructor(
    private readonly context: CanvasRenderingContext2D,
    private readonly grid: Grid,
    private readonly tones: Tones,
    private readonly ratio: number,
  ) {}

  /** All cells in one go: each pixel is put down once, ten times faster than cell by cell. */
  paintAll(cells: Cell[]): void {
    const { cell: size, columns, rows } = this.grid;
    if (rows === 0) return;
    const image = this.context.createImageData(columns * size, rows * size);
    const pixels = new Uint32Array(image.data.buffer);
    for (const [place, cell] of cells.entries()) {
      const look = this.look(cell);
      let to = Math.floor(place / columns) * size * image.width + (place % columns) * size;
      for (let row = 0; row < size; row++, to += image.width)
        pixels.set(look.subarray(row * size, (row + 1) * size), to);
    }
    this.context.putImageData(image, 0, 0);
  }

  paint(cells: Cell[], places: Iterable<number>): void {
    const { cell: size, columns } = this.grid;
    const image = this.context.createImageData(size, size);
    const pixels = new Uint32Array(image.data.buffer);
    for (const place of places) {
      const cell = cells[place];
      if (!cell) continue;
      pixels.set(this.look(cell));
      this.context.putImageData(image, (place % columns) * size, Math.floor(place / columns) * size);
    }
  }

  private look({ state, share }: Cell): Uint32Array {
    const level = state === "started" && share !== null ? Math.round(share * LEVELS) : -1;
    const name = `${state} ${level}`;
    let look = this.looks.get(name);
    if (!look) {
      const canvas = document.createElement("canvas");
      const size = this.grid.cell;
      canvas.width = canvas.height = size;
      const context = canvas.getContext("2d") as CanvasRenderingContext2D;
      this.draw(context, state, level < 0 ? null : level / LEVELS);
      look = new Uint32Array(context.getImageData(0, 0, size, size).data.buffer);
      this.looks.set(name, look);
    }
    return look;
  }

  private draw(to: CanvasRenderingContext2D, state: State, share: number | null): void {
    const line = Math.max(1, Math.round(this.ratio));
    const side = this.grid.cell - line; // the rest is the gap
    to.fillStyle = this.tones[state];
    const frame = (): void => {
      to.fillRect(0, 0, side, line);
      to.fillRect(0, side - line, side, line);
      to.fillRect(0, 0, line, side);
      to.fillRect(side - line, 0, line, side);
    };
    const middle = (part: number): void => {
      const width = Math.max(line, Math.round(side * part));
      const from = Math.floor((side - width) / 2);
      to.fillRect(from, from, width, width);
    };
    switch (state) {
      case "succeeded":
        // Quieter than what went wrong: most cells are such.
        to.globalAlpha = 0.65;
        to.fillRect(0, 0, side, side);
        break;
      case "failed":
        to.fillRect(0, 0, side, side);
        to.strokeStyle = this.tones.ground;
        to.lineWidth = Math.max(line, side / 7);
        to.beginPath();
        to.moveTo(side * 0.2, side * 0.2);
        to.lineTo(side * 0.8, side * 0.8);
        to.moveTo(side * 0.8, side * 0.2);
        to.lineTo(side * 0.2, side * 0.8);
        to.stroke();
        break;
      case "lost":
        to.beginPath();
        to.moveTo(side / 2, 0);
        to.lineTo(side, side);
        to.lineTo(0, side);
        to.fill();
        break;
      case "cancelled":
        middle(0.5);
        break;
      case "started":
        frame();
        if (share === null) middle(0.4);
        else to.fillRect(0, Math.round(side * (1 - share)), side, side - Math.round(side * (1 - share)));
        break;
      case "retrying":
        frame();
        to.clearRect(0, Math.round(side / 3), line, Math.ceil(side / 3));
        middle(0.4);
        break;
      case "queued":
        to.globalAlpha = 0.6;
        frame();
        break;
      case "scheduled":
        middle(0.25);
        break;
    }
  }
}
