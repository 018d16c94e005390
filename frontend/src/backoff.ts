const FIRST_MS = 250;
const LONGEST_MS = 10_000;

/**
 * How long to wait before the try after `tries` failed ones, in milliseconds: doubling, at most 10 s, and
 * spread over half of it, so that a restarted server is not met by all its readers at one moment.
 */
export function backoff(tries: number, random: () => number = Math.random): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** tries);
  return full / 2 + (full / 2) * random();
}
