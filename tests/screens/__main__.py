"""Bring up an instance, fill it, take every picture: into FOLDER, or docs/screens."""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import BATCHES, PLAIN, binary, people
from tests.screens import pictures, stage
from tests.support.stack import ROOT, Stack


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "screens"
    folder.mkdir(parents=True, exist_ok=True)
    stack = Stack(TIME_ZONE="Asia/Seoul", TASKCAST_APPS=f"{PLAIN},{BATCHES}", WORKERS="4")
    try:
        people(stack.up())
        pages = stage.fill(stack)
        with sync_playwright() as playwright:
            silent = ["--no-sandbox", "--disable-gpu"]
            browser = playwright.chromium.launch(executable_path=binary(), args=silent)
            for path in pictures.take(stack, browser, pages, folder):
                sys.stdout.write(f"{path}\n")
            browser.close()
    finally:
        stack.down()


if __name__ == "__main__":
    main()
