"""README.ko.md says what README.md says, in the words that the Korean pages have."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENGLISH, KOREAN = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.ko.md"))
# Places in a text, not words of a page.
_PLACES = {"2단계", "태스크 이름"}


def _found(pattern: str, text: str) -> list[str]:
    return re.findall(pattern, text, re.MULTILINE | re.DOTALL)


def test_both_have_the_same_sections_commands_settings_and_links() -> None:
    assert len(_found(r"^## .*?$", KOREAN)) == len(_found(r"^## .*?$", ENGLISH)) > 10
    for pattern in (r"^```.*?^```", r"^\| `[^|]*\|", r"^!\[.*?\]\((.*?)\)"):
        assert _found(pattern, KOREAN) == _found(pattern, ENGLISH)
    links = [set(_found(r"\]\((.*?)\)", text)) - {"README.md", "README.ko.md"} for text in (ENGLISH, KOREAN)]
    assert links[0] == links[1]


def test_the_korean_one_calls_things_as_the_pages_do() -> None:
    quoted = set(_found(r"(?<!\*)\*([^*\n]+)\*(?!\*)", KOREAN)) - _PLACES
    catalogs = [f"{app}/locale/ko/LC_MESSAGES/django.po" for app in ("dashboard", "tasks")]
    scripts = sorted(ROOT.glob("frontend/src/ko.ts")) + sorted(ROOT.glob("frontend/src/ko/*.ts"))
    known = {words for path in catalogs for words in _found(r'^msgstr "(.*?)"$', (ROOT / path).read_text("utf-8"))}
    known |= {words for path in scripts for words in _found(r': *"([^"\n]*)"', path.read_text("utf-8"))}
    assert len(quoted) > 10
    assert quoted - known == set()
