/**
 * A function that runs `work` once, soon, however often it is called: with the next frame, or, in a hidden tab
 * that has no frames, five times a second.
 */
export function later(work: () => void): () => void {
  let due = false;
  const run = () => {
    due = false;
    work();
  };
  return () => {
    if (due) return;
    due = true;
    if (document.hidden) setTimeout(run, 200);
    else requestAnimationFrame(run);
  };
}
