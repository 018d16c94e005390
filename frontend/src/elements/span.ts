import { between } from "../format";
import { eachSecond } from "../seconds";
import { define, Piece } from "./piece";

/** A span of time in words; without an end it goes on, once a second while somebody can see it. */
export class SpanElement extends Piece {
  static override properties = { from: {}, to: {} };
  declare from: string | null;
  declare to: string | null;

  override connectedCallback(): void {
    super.connectedCallback();
    sight.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    sight.unobserve(this);
    seen.delete(this);
    clock();
  }

  tick(): void {
    if (this.from && !this.to) this.requestUpdate();
  }

  override render(): string {
    return between(this.from, this.to);
  }
}

/** Those on the screen: of a list of 500 running jobs most are not, and a change of each would lay it out anew. */
const seen = new Set<SpanElement>();

const sight = new IntersectionObserver((changes) => {
  for (const { target, isIntersecting } of changes) {
    const span = target as SpanElement;
    if (isIntersecting) seen.add(span);
    else seen.delete(span);
    span.tick();
  }
  clock();
});

let still: (() => void) | undefined;

/** The clock goes only where somebody looks at something that goes on. */
function clock(): void {
  if (seen.size > 0) still ??= eachSecond(tickAll);
  else {
    still?.();
    still = undefined;
  }
}

function tickAll(): void {
  for (const span of seen) span.tick();
}

define("taskcast-span", SpanElement);
