import { between } from "../format";
import { define, Piece } from "./piece";

/** A span of time in words; without an end it goes on, once a second while somebody can see it. */
export class SpanElement extends Piece {
  static override properties = { from: {}, to: {} };
  declare from: string | null;
  declare to: string | null;
  private timer: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.timer = setInterval(() => {
      if (this.from && !this.to && !document.hidden) this.requestUpdate();
    }, 1_000);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.timer);
  }

  override render(): string {
    return between(this.from, this.to);
  }
}

define("taskcast-span", SpanElement);
