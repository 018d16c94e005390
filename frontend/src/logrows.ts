// PURE. Which lines of a log fit, as runs of consecutive numbers: many or few, they take little room.

export class Runs {
  /** How many numbers there are. */
  size = 0;
  private readonly firsts: number[] = [];
  private readonly lasts: number[] = [];
  /** How many there are before each run. */
  private readonly befores: number[] = [];

  /** Add a run behind all others. */
  add(first: number, last: number): void {
    const end = this.lasts.length - 1;
    if (this.lasts[end] === first - 1) this.lasts[end] = last;
    else {
      this.firsts.push(first);
      this.lasts.push(last);
      this.befores.push(this.size);
    }
    this.size += last - first + 1;
  }

  /** The number at an index from 0 on. */
  at(index: number): number {
    const run = below(this.befores, index);
    return (this.firsts[run] as number) + index - (this.befores[run] as number);
  }

  /** The index of the first one that is not lower than `number`; `size` where there is none. */
  from(number: number): number {
    const run = below(this.firsts, number);
    if (run < 0) return 0;
    const within = Math.min(number, (this.lasts[run] as number) + 1) - (this.firsts[run] as number);
    return (this.befores[run] as number) + within;
  }
}

/** The last place in an ascending list whose value is not above `value`. */
function below(list: number[], value: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
