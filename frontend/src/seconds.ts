// One clock for all that changes by itself once a second; it goes only while the tab is shown.

const beats = new Set<() => void>();
let clock: ReturnType<typeof setInterval> | undefined;

/** Call `beat` once a second while the tab is shown, until the returned function is called. */
export function eachSecond(beat: () => void): () => void {
  beats.add(beat);
  set();
  return () => {
    beats.delete(beat);
    set();
  };
}

function set(): void {
  const wanted = beats.size > 0 && !document.hidden;
  if (wanted === (clock !== undefined)) return;
  clearInterval(clock);
  clock = wanted ? setInterval(all, 1_000) : undefined;
}

function all(): void {
  for (const beat of beats) beat();
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) all();
  set();
});
