"""The screenshots of docs/screens, from a running instance with real jobs.

python -m tools.screens
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import binary, launch, people
from tests.support.stack import ROOT, Stack, wait_for

SCREENS = ROOT / "docs" / "screens"
WIDE: dict[str, Any] = {"viewport": {"width": 1280, "height": 860}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "locale": "ko-KR"}
ROWS = 1_500_000
PROFILE = "tasks.samples.tables.profile_csv"


def main() -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    stack = Stack(TIME_ZONE="Asia/Seoul")
    try:
        people(stack.up())
        with sync_playwright() as playwright:
            take(stack, playwright.chromium.launch(executable_path=binary(), args=["--no-sandbox", "--disable-gpu"]))
    finally:
        stack.down()


def take(stack: Stack, browser: Browser) -> None:
    """Launch what is to be seen, and take every picture."""
    data = stack.home / "data" / "sales"
    write_orders(data / "2025.csv")
    (data / "2024.csv").write_text("order,amount\n1,2\n")
    for name in ("2025", "2025", "2024"):
        launch(stack, PROFILE, path=f"sales/{name}.csv")
    (data / "2024.csv").unlink()  # gone before a worker is free for it: something has to fail
    for x in range(3):
        launch(stack, "tasks.samples.arithmetic.add", x=x, y=4)
    job = launch(stack, PROFILE, path="sales/2025.csv", columns=["customer", "region", "amount"])
    wide, phone = (page(stack, browser, options) for options in (WIDE, PHONE))
    for tab in (wide, phone):
        tab.goto(f"{stack.url}/jobs/{job}/")
    bar = wide.locator("taskcast-job progress[value]").first
    wait_for(lambda: bar.count() and float(bar.get_attribute("value") or 0) > 0.4, "the job is well under way", 120)
    wide.screenshot(path=SCREENS / "job.png")
    phone.screenshot(path=SCREENS / "job-phone-dark-korean.png")
    launch(stack, PROFILE, path="sales/2025.csv")
    for name, path in (("overview", "/"), ("jobs", "/jobs/"), ("tasks", "/tasks/"), ("form", f"/tasks/{PROFILE}/")):
        wide.goto(stack.url + path)
        wide.wait_for_timeout(1_000)  # pictures only: let the socket say what it has to
        wide.screenshot(path=SCREENS / f"{name}.png")


def page(stack: Stack, browser: Browser, options: dict[str, Any]) -> Page:
    """A tab in which alice is signed in."""
    context = browser.new_context(**options)
    context.add_cookies([{"name": k, "value": v, "url": stack.url} for k, v in stack.cookies("alice").items()])
    return context.new_page()


def write_orders(path: Path) -> None:
    """A table that looks like somebody's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    dice = random.Random(7)
    customers = ("김민준", "Lee Seoyeon", "박지훈", "Anna Schmidt", "최유진", "")
    regions = ("Seoul", "Busan", "Jeju")
    with path.open("w", encoding="utf-8") as out:
        out.write("order,day,customer,region,amount\n")
        for n in range(ROWS):
            day = f"2025-{n % 12 + 1:02}-{n % 28 + 1:02}"
            amount = dice.randint(900, 990_000) / 100
            out.write(f"{100_000 + n},{day},{dice.choice(customers)},{dice.choice(regions)},{amount}\n")


if __name__ == "__main__":
    main()
