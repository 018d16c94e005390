"""Escape sequences of terminals in texts: colours may stay, whatever else they do goes.

PURE: standard library only.
"""

import re

# Colours and weights (SGR): `ESC [ numbers m`. Longer ones are nobody's colours.
_COLOUR = r"\x1b\[[0-9;:]{0,64}m"
# As ECMA-48 has them: titles and links (OSC and its kind, up to their end), cursor and screen (CSI), the rest; and an
# ESC that begins nothing.
_OTHER = r"\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b\[[0-?]*[ -/]*[@-~]?|\x1b[ -/]*[0-~]?"
_COLOURS = re.compile(_COLOUR)
_ANY = re.compile(f"({_COLOUR})|{_OTHER}")


def only_colours(text: str) -> str:
    """`text` without escape sequences that are not colours: those would move a cursor, set a title, clear a screen."""
    return _ANY.sub(lambda found: found[1] or "", text) if "\x1b" in text else text


def plain(text: str) -> str:
    """`text` without its colours."""
    return _COLOURS.sub("", text) if "\x1b" in text else text
