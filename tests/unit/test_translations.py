"""Every text of the pages has Korean words, and what is compiled is what is written."""

import gettext
import re
from pathlib import Path

import pytest

CATALOG = Path("dashboard/locale/ko/LC_MESSAGES/django.po")
ENTRY = re.compile(
    r'^(?:msgctxt "(?P<context>.*)"\n)?msgid "(?P<text>.+)"\n(?:msgid_plural ".+"\n)?msgstr(?:\[0\])? "(?P<words>.*)"$',
    re.MULTILINE,
)
HOLE = re.compile(r"\{\w+\}|%\(\w+\)s")
USED = (
    ("**/*.html", re.compile(r"""\{%\s*translate\s+(["'])(.+?)\1""")),
    ("**/*.py", re.compile(r"""\b(?:_|gettext|gettext_lazy|gettext_noop)\(\s*(["'])(.+?)\1[,)]""")),
)


def entries() -> list[tuple[str | None, str, str]]:
    """Context, English and Korean of each entry of the catalogue."""
    found = ENTRY.finditer(CATALOG.read_text(encoding="utf-8"))
    return [(m["context"], unescaped(m["text"]), unescaped(m["words"])) for m in found]


def unescaped(text: str) -> str:
    return text.replace(r"\"", '"').replace(r"\n", "\n")


def test_every_text_has_its_korean_words() -> None:
    written = CATALOG.read_text(encoding="utf-8")
    assert "#, fuzzy" not in written
    # Texts that are wrapped over several lines would be passed over below.
    assert written.count("\nmsgid ") - 1 == len(entries())
    assert [text for _, text, words in entries() if not words] == []


@pytest.mark.parametrize(("pattern", "call"), USED)
def test_no_text_is_missing_from_the_catalogue(pattern: str, call: re.Pattern[str]) -> None:
    known = {text for _, text, _ in entries()}
    used = {
        (path.name, match[2])
        for path in Path("dashboard").glob(pattern)
        for match in call.finditer(path.read_text(encoding="utf-8"))
    }
    assert used
    assert sorted(text for text in used if text[1] not in known) == []


def test_both_languages_have_the_same_holes() -> None:
    for _, text, words in entries():
        assert sorted(HOLE.findall(words)) == sorted(HOLE.findall(text)), text


def test_the_compiled_catalogue_is_the_written_one() -> None:
    with CATALOG.with_suffix(".mo").open("rb") as compiled:
        translations = gettext.GNUTranslations(compiled)
    for context, text, words in entries():
        said = translations.pgettext(context, text) if context else translations.gettext(text)
        assert said == words, f"run django-admin compilemessages in dashboard/: {text}"
