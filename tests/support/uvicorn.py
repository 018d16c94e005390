"""An instance whose web process is uvicorn, as the README starts it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from project.supervisor.parts import Part
from tests.integration import conftest
from tests.support.stack import ROOT, Stack


def documented() -> list[str]:
    """The options of the README's command."""
    (options,) = re.findall(r"^uvicorn project\.asgi:application (.+)$", (ROOT / "README.md").read_text(), re.M)
    return str(options).split()


class Uvicorn(Stack):
    """A stack whose part "daphne" is uvicorn."""

    def _spec(self, part: str) -> Part:
        if part != "daphne":
            return super()._spec(part)
        options = documented()
        options[options.index("--host") + 1] = "127.0.0.1"
        options[options.index("--port") + 1] = str(self.port)
        return Part("daphne", [sys.executable, "-m", "uvicorn", "project.asgi:application", *options], 8)


@contextmanager
def serving() -> Iterator[Stack]:
    """Redis, uvicorn and the cast."""
    with conftest.serving(Uvicorn()) as running:
        yield running
        assert "Traceback" not in running.log("daphne")
