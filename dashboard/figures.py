"""Numbers in a result as people read them, the same way as frontend/src/figures.ts writes them."""

import math
import re

# An id, a year or a port is a name made of digits: nobody counts with it.
_NAME = re.compile(r"(?:(?:^|[^a-z])(?:id|year|code|zip|pid|port|phone|no|number)|번호|코드|연도|년도)$", re.IGNORECASE)
_BYTES = re.compile(r"(?:^|[^a-z])bytes$", re.IGNORECASE)
_UNITS = ("B", "kB", "MB", "GB", "TB")
_EXACT = 1e15  # from here on JavaScript's numbers are not exact


def figure(number: float, name: str = "") -> str:
    """`number` with its thousands apart and as many digits as say something; in bytes where its `name` says so.

    >>> figure(1234567), figure(4951.48273), figure(0.0012345), figure(2025, "year"), figure(12345, "bytes")
    ('1,234,567', '4,951.48', '0.00123', '2025', '12.3 kB')
    """
    if abs(number) >= _EXACT or (number == int(number) and _NAME.search(name)):
        return plain(number)
    if number >= 0 and number == int(number) and _BYTES.search(name):
        return size(number)
    if number == int(number):
        return f"{int(number):,}"
    if abs(number) < 1e-4:
        digits, power = f"{number:.2e}".split("e")
        return f"{digits}e{int(power):+}"
    decimals = 2 if abs(number) >= 1 else 2 - math.floor(math.log10(abs(number)))
    return f"{number:,.{decimals}f}".rstrip("0").rstrip(".")


def plain(number: float) -> str:
    """As JavaScript writes it: 4 for 4.0."""
    return str(int(number)) if number == int(number) and abs(number) < 1e21 else repr(number)


def size(number: float) -> str:
    """A size in bytes as `12.5 MB`."""
    unit = 0
    while number >= 1000 and unit < len(_UNITS) - 1:
        number /= 1000
        unit += 1
    return f"{number:.0f} {_UNITS[unit]}" if unit == 0 or number >= 100 else f"{number:.1f} {_UNITS[unit]}"
