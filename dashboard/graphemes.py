"""Cutting a text where a reader sees a character end: no half emoji, flag, syllable or accented letter."""

import unicodedata

_JOINER = "\u200d"
_EXTENDS = ("Mn", "Me", "Mc")
_REGIONAL = "".join(map(chr, range(0x1F1E6, 0x1F200)))


def cut(text: str, most: int) -> str:
    """The beginning of `text`: at most `most` code points, and whole characters as people count them.

    Where the very first one is longer than that, which nobody writes in earnest, it is cut all the same.
    """
    if len(text) <= most:
        return text
    end = most
    while end and _is_inside(text, end):
        end -= 1
    return text[: end or most]


def _is_inside(text: str, at: int) -> bool:
    """Whether what stands before `at` and what stands there are parts of one character (after UAX 29)."""
    before, after = text[at - 1], text[at]
    if after == _JOINER or unicodedata.category(after) in _EXTENDS or _is_modifier(after):
        return True
    # A virama joins the consonants on both its sides.
    if before == _JOINER or unicodedata.combining(before) == 9:
        return True
    if after in _REGIONAL:
        return (at - len(text[:at].rstrip(_REGIONAL))) % 2 == 1  # two make a flag
    return _is_syllable(before, after)


def _is_modifier(char: str) -> bool:
    # Skin tones, and the tags of which some flags are spelt.
    return "\U0001f3fb" <= char <= "\U0001f3ff" or "\U000e0020" <= char <= "\U000e007f"


def _is_syllable(before: str, after: str) -> bool:
    """Whether these are parts of one Korean syllable, written in letters as macOS writes names of files."""
    if "\u1160" <= after <= "\u11ff":
        return "\u1100" <= before <= "\u11ff" or "가" <= before <= "힣"
    return "\u1100" <= before <= "\u115f" and ("\u1100" <= after <= "\u115f" or "가" <= after <= "힣")
