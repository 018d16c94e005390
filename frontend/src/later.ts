/** A hidden tab takes in what comes no oftener than this: only its title and its notifications ask for it. */
const HIDDEN_MS = 1_000;

/**
 * A function that runs `work` once, soon, however often it is called: with the next frame, or, in a hidden tab
 * that has no frames, once a second. Whoever comes back to the tab waits for neither.
 */
export function later(work: () => void): () => void {
  let due = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const run = () => {
    if (!due) return;
    due = false;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", run);
    work();
  };
  return () => {
    if (due) return;
    due = true;
    // A frame that was asked for does not come any more once the tab is hidden.
    document.addEventListener("visibilitychange", run);
    if (document.hidden) timer = setTimeout(run, HIDDEN_MS);
    else requestAnimationFrame(run);
  };
}

let shown: Promise<void> | undefined;

/** Of a hidden tab: resolved with the first frame after it is shown. */
export function whenShown(): Promise<void> {
  shown ??= new Promise((resolve) => {
    const look = () => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", look);
      requestAnimationFrame(() => {
        shown = undefined;
        resolve();
      });
    };
    document.addEventListener("visibilitychange", look);
  });
  return shown;
}
