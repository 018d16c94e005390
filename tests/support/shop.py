"""Taskcast inside a project of somebody else's (tests/embedded), as real processes."""

from __future__ import annotations

from dataclasses import replace

from project.supervisor.parts import Part
from tests.support.stack import ROOT, Stack

PREFIX = "/jobs-ui/"


class Shop(Stack):
    """The shop's daphne and worker, with a Redis; `pages` is where Taskcast's pages are."""

    serves = "shop.asgi:application"
    manager = ROOT / "tests" / "embedded" / "manage.py"

    def __init__(self) -> None:
        super().__init__()
        self.pages = self.url + PREFIX
        self.ws_url = f"ws://127.0.0.1:{self.port}{PREFIX}ws/"
        self.env |= {
            "DJANGO_SETTINGS_MODULE": "shop.settings",
            "PYTHONPATH": f"{ROOT / 'tests' / 'embedded'}:{ROOT}",
            "SHOP_FOLDER": str(self.home),
            "SHOP_REDIS": self.address.url,
            "SHOP_BROKER": self.address.broker_url,
        }

    def up(self) -> Shop:
        """Start everything and return when all of it answers."""
        self.start("redis")
        self.manage("migrate", "-v0")
        for part in ("daphne", "worker"):
            self.start(part)
        return self

    def _spec(self, part: str) -> Part:
        spec = super()._spec(part)
        ours = {"project.asgi:application": self.serves, "project": "shop"}
        return replace(spec, argv=[ours.get(word, word) for word in spec.argv])
