"""Texts of tasks on a terminal: what would steer it, or pass for other text, is shown as `\\x1b`."""

import re

# Control characters of both sets, what breaks lines or turns their direction, halves of surrogate pairs.
_STEERS = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_CONTROL = re.compile(f"[{_STEERS}]")
_NOT_ESCAPED_IN_JSON = re.compile(f"(?!\n)[{_STEERS}]")


def visible(text: str) -> str:
    """One line of `text`; its line ends are shown as `\\n`."""
    return visible_lines(text).replace("\n", "\\n")


def visible_lines(text: str) -> str:
    """`text` with its line ends."""
    text = text.replace("\r\n", "\n").expandtabs()
    return _CONTROL.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


def visible_json(text: str) -> str:
    """The same JSON without what JSON may leave unescaped inside of texts."""
    return _NOT_ESCAPED_IN_JSON.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
