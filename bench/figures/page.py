"""What a browser that has nothing yet loads of a job's page until that lives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Browser

from bench.browser import chromium, tab
from bench.measuring import Effort, Result, Target
from bench.stage import instance, reader
from tests.support.stack import Stack

_LAUNCH = "from tasks.samples.arithmetic import add\njob = add.delay(4, 4)\njob.get(timeout=30)\nanswer = job.id"
_OWN = ("Script", "Stylesheet")


def measure(effort: Effort) -> Iterator[Result]:
    with instance(WORKERS="1") as stack, chromium() as browser:
        cookies, job_id = reader(stack), stack.run(_LAUNCH)
        loads = [_transferred(browser, stack, cookies, f"/jobs/{job_id}/") for _ in range(effort.rounds)]
    for name, ours in (
        ("page of a job: transferred until it lives", [sum(load.values()) / 1024 for load in loads]),
        ("JavaScript and CSS of it, compressed", [sum(load[kind] for kind in _OWN) / 1024 for load in loads]),
    ):
        yield Result(name, "KiB", ours, targets=[Target("ours", 100, 60)])


def _transferred(browser: Browser, stack: Stack, cookies: dict[str, str], path: str) -> dict[str, float]:
    """Bytes on the wire, heads of answers included, by what they are to the browser."""
    kinds: dict[str, str] = {}
    found: dict[str, float] = {}

    def ended(event: dict[str, Any]) -> None:
        kind = kinds[event["requestId"]]
        found[kind] = found.get(kind, 0) + event["encodedDataLength"]

    with tab(browser, stack, cookies) as page:
        session = page.context.new_cdp_session(page)
        session.on("Network.responseReceived", lambda event: kinds.update({event["requestId"]: event["type"]}))
        session.on("Network.loadingFinished", ended)
        session.send("Network.enable")
        page.goto(stack.url + path, wait_until="networkidle")
        page.wait_for_selector("[data-connection=live]", state="attached")
        session.detach()
    if "Script" not in found:
        raise RuntimeError(f"the page has loaded no script: {found}")
    return found
