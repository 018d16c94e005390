"""The rules of the rooms: what may import what, and one door for each effect. Read from the sources."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tasks import conf

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("project", "dashboard", "tasks")
# A module belongs to a layer by its name or by the name before its first underscore: `catalog_task` is `catalog`'s.
UPPER = {"launching", "control", "recorder", "reporter", "signals", "gate", "watch", "uploads", "outputs"}
LOWER = {"catalog", "eventlog", "broadcast", "models"}
PURE = {"events", "progress"}


def test_the_sources_are_found() -> None:
    assert {"project.settings", "tasks.eventlog", "tasks.events"} <= set(modules())


@pytest.mark.parametrize(("room", "above"), [("tasks", ("dashboard", "project")), ("dashboard", ("project",))])
def test_rooms_import_downward_only(room: str, above: tuple[str, ...]) -> None:
    wrong = [
        f"{name} imports {imported}"
        for name in modules()
        if name.split(".")[0] == room
        for imported in imports(name)
        if imported.split(".")[0] in above
    ]
    assert wrong == []


def test_the_lower_engine_does_not_know_the_upper() -> None:
    wrong = [
        f"{name} imports {imported}"
        for name in modules()
        if layer(name) in LOWER
        for imported in imports(name)
        if layer(imported) in UPPER
    ]
    assert wrong == []


@pytest.mark.parametrize("name", sorted(PURE))
def test_the_pure_modules_stand_on_the_standard_library_alone(name: str) -> None:
    seen, todo = set(), {f"tasks.{name}"}
    while todo:
        module = todo.pop()
        seen.add(module)
        for imported in imports(module):
            if imported.split(".")[0] in sys.stdlib_module_names or imported == "tasks":
                continue
            assert imported.startswith("tasks."), f"{module} imports {imported}"
            todo |= {imported} - seen
    assert {layer(module) for module in seen} & (UPPER | LOWER) == set()


def test_only_settings_reads_the_environment() -> None:
    wrong = []
    for name in modules():
        if name == "project.settings":
            continue
        for node in ast.walk(tree(name)):
            # Naming the settings module is how Django finds the settings; it reads nothing.
            if isinstance(node, ast.Call) and "DJANGO_SETTINGS_MODULE" in ast.unparse(node) and is_set(node):
                for inner in ast.walk(node):
                    inner.excused = True  # type: ignore[attr-defined]
            if getattr(node, "excused", False):
                continue
            if isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv"):
                wrong.append(f"{name}:{node.lineno} {ast.unparse(node)}")
    assert wrong == []


def test_settings_of_ours_have_their_defaults_in_one_place_and_in_the_docs() -> None:
    named = {
        name: set(re.findall(r'getattr\(settings, "(\w+)"', source(name))) - {"STORAGES", "CHANNEL_LAYERS"}
        for name in modules()
        if name.split(".")[0] != "project"
    }
    known = named.pop("tasks.conf")
    assert {name for name in known if name.startswith("TASKCAST_")} == set(conf.NAMES)
    assert {name: found for name, found in named.items() if found} == {}
    page = (ROOT / "docs" / "existing-project.md").read_text()
    listed = page.partition("## Settings")[2].partition("\n\nOf Django")[0]
    assert known == set(re.findall(r"`([A-Z_]+)`(?=[, ].*\|.*\|)", listed)) - {"CSRF_TRUSTED_ORIGINS"}


def test_every_address_of_ours_is_asked_for_in_its_namespace() -> None:
    # A project may call a page of its own `index`.
    asked = re.compile(r"""(?:\{%\s*url |\breverse\(|\bredirect\(|\breverse_lazy\()\s*["'](\w[\w:-]*)["']""")
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for suffix in ("py", "html")
        for path in (ROOT / "dashboard").rglob(f"*.{suffix}")
        for name in asked.findall(path.read_text(encoding="utf-8"))
        if not name.startswith(("taskcast:", "admin:"))
    ]
    assert wrong == []


def test_only_broadcast_sends_on_the_channel_layer() -> None:
    assert uses({"group_send"}) <= {"tasks.broadcast"}


def test_only_the_event_log_touches_streams() -> None:
    commands = {"xadd", "xrange", "xrevrange", "xread", "xtrim", "xlen", "xdel"}
    assert {layer(name) for name in uses(commands)} <= {"eventlog"}
    written = {name for name in modules() if re.search(r"[\"']taskcast:log\b", source(name))}
    assert {layer(name) for name in written} <= {"eventlog"}


def test_only_access_decides() -> None:
    rights = {"has_perm", "has_perms", "has_module_perms", "is_staff", "is_superuser"}
    assert uses(rights) <= {"dashboard.access"}
    wrong = [
        path.relative_to(ROOT)
        for path in (ROOT / "dashboard" / "templates").rglob("*.html")
        if re.search(r"\bperms\.|\.is_staff\b|\.is_superuser\b", path.read_text())
    ]
    assert wrong == []


def is_set(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and node.func.attr == "setdefault"


def uses(attributes: set[str]) -> set[str]:
    """The modules that use one of these attributes."""
    return {
        name
        for name in modules()
        for node in ast.walk(tree(name))
        if isinstance(node, ast.Attribute) and node.attr in attributes and isinstance(node.ctx, ast.Load)
    }


def layer(module: str) -> str:
    """The engine's part that the module belongs to, "" for modules of other rooms."""
    words = module.split(".")
    if words[0] != "tasks" or len(words) < 2:
        return ""
    return words[1] if words[1] in UPPER | LOWER | PURE else words[1].split("_")[0]


@cache
def imports(module: str) -> frozenset[str]:
    """Every module that `module` imports anywhere, except for type checking."""
    return frozenset(found for node in statements(tree(module)) for found in imported_by(node))


def imported_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        for alias in node.names:
            name = f"{node.module}.{alias.name}"
            yield name if name in modules() else node.module


def statements(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from statements(child)


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(source(module))


@cache
def source(module: str) -> str:
    return modules()[module].read_text() if module in modules() else ""


@cache
def modules() -> dict[str, Path]:
    """The modules of the three rooms by dotted name."""
    found = {}
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            words = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(words[:-1] if words[-1] == "__init__" else words)] = path
    return found
