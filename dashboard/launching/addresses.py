"""The address of a form with what fills it in, as far as addresses go."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlencode

# Characters of an address, written twice encoded into the sign-in page's: servers take about 8,000.
_LONGEST = 5_000


def filled_in(address: str, found: Iterable[tuple[str, Any]]) -> tuple[str, bool]:
    """The `address` with names and values, or lists of them, and whether that is all: what is too long is left out."""
    is_all = True
    for name, value in found:
        if value == []:
            continue
        more = ("&" if "?" in address else "?") + urlencode({name: value}, doseq=True)
        if len(quote(address + more)) > _LONGEST:
            is_all = False
        else:
            address += more
    return address, is_all
