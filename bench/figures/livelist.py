"""A browser that shows a list of 500 running jobs, while all of them report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Page

from bench.browser import chromium, tab
from bench.measuring import Effort, Result, Target
from bench.stage import instance, reader

_START = "from bench import running\nrunning.start(count)"
_TELL = "from bench import running\nrunning.tell(on)"
_ROWS = "taskcast-job-list tr[data-job][data-state=started]"
_WAIT_FOR_ROWS = f"count => document.querySelectorAll('{_ROWS}').length >= count"
# The time between two frames, as long as nobody asks for it.
_WATCH = """() => {
  window.frames_ = [];
  let before = performance.now();
  const frame = (now) => {
    window.frames_.push(now - before);
    before = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""
_TAKE = "() => window.frames_.splice(0)"
_REPORTED = "() => Number(document.querySelector('[role=progressbar]')?.getAttribute('aria-valuenow') ?? 0)"


def measure(effort: Effort) -> Iterator[Result]:
    count, rounds, seconds = effort.of(500, 20), effort.of(10, 1), effort.of(30, 5)
    busy, still, heap = [], [], []
    with instance(WORKERS="1") as stack, chromium() as browser:
        cookies = reader(stack)
        stack.run(_START, count=count)
        with tab(browser, stack, cookies) as page:
            page.goto(f"{stack.url}/jobs/?limit={count}")
            stack.run(_TELL, on=True)
            page.wait_for_function(_WAIT_FOR_ROWS, arg=count)
            page.evaluate(_WATCH)
            for _ in range(rounds + 1):
                stack.run(_TELL, on=False)
                page.wait_for_timeout(2000)
                page.evaluate(_TAKE)
                page.wait_for_timeout(seconds / 10 * 1000)
                still.append(max(page.evaluate(_TAKE)))
                stack.run(_TELL, on=True)
                began = page.evaluate(_REPORTED)
                page.wait_for_timeout(seconds * 1000)
                busy.append(max(page.evaluate(_TAKE)))
                if page.evaluate(_REPORTED) <= began:
                    raise RuntimeError("the list has not changed")
                heap.append(_heap(page))
    yield Result(
        f"{count} running jobs in the list: longest frame in {seconds} s",
        "ms",
        busy[1:],
        floor=still[1:],
        floor_name="nobody reports",
        targets=[Target("ours", 50, 25)],
        note="ten updates a second, each of a tenth of the jobs",
    )
    yield Result(
        f"the same: memory after {rounds * seconds} s",
        "MiB",
        heap[1:],
        floor=[heap[0]] * rounds,
        floor_name=f"after {seconds} s",
        targets=[Target("ratio_to_floor", 1.1, 1.02)],
        note="the JavaScript heap after a collection",
    )


def _heap(page: Page) -> float:
    session: Any = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return float(used / 2**20)
