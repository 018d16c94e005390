"""How often one caller may: so many at once, so many a second after that. Counted in this process (decision 0011)."""

import ipaddress
import threading
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest

# Callers that one limit knows at a time. Whoever fills the memory with addresses fills no more than this.
_MOST = 10_000


class TooMany(Exception):
    """Too often; one more may be after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Limit:
    """For each caller `at_once`, and `a_second` of them come back as time passes."""

    def __init__(self, at_once: int, a_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._step = 1 / a_second  # seconds for which one of them counts
        self._room = at_once * self._step
        self._clock = clock
        self._until: dict[str, float] = {}  # when all of a caller's have come back; the latest caller is last
        self._lock = threading.Lock()

    def spend(self, caller: str) -> None:
        """Count one of `caller`. Raises TooMany, and then counts nothing."""
        with self._lock:
            now = self._clock()
            until = max(self._until.pop(caller, now), now) + self._step
            excess = until - now - self._room
            is_over = excess > self._step / 1000  # not for a rounding of floats
            self._until[caller] = until - self._step if is_over else until
            if len(self._until) > _MOST:
                self._shrink(now)
        if is_over:
            raise TooMany(excess)

    def give_back(self, caller: str) -> None:
        """Take back one that was counted."""
        with self._lock:
            if caller in self._until:
                self._until[caller] -= self._step

    def forget(self, caller: str) -> None:
        """Let `caller` begin anew."""
        with self._lock:
            self._until.pop(caller, None)

    def _shrink(self, now: float) -> None:
        # Half of them: one in five thousand calls pays, not each.
        kept = [(caller, until) for caller, until in self._until.items() if until > now]
        self._until = dict(kept[-_MOST // 2 :])


# A script that sends ten thousand calls at once is let through, and goes on at a hundred a second: more than launches
# need, and a bound for a loop that runs away.
CALLS = Limit(10_000, 100)
# Without credentials, or with wrong ones, by address: everybody behind one router together.
STRANGERS = Limit(600, 10)
# Links to jobs that open nothing, by address: who has a link that does is never counted.
LINKS = Limit(60, 1 / 2)
# Attempts to sign in as one user from one address, and from one address as anybody.
SIGN_INS_AS = Limit(10, 1 / 15)
SIGN_INS_FROM = Limit(60, 1 / 2)


def address_of(request: HttpRequest) -> str:
    """The caller's address, of IPv6 the network: who has one such address has 2**64.

    Behind a proxy that is the last of `X-Forwarded-For`, which the proxy has written; those before it, and all of them
    where the settings know of no proxy, are the caller's own words.
    """
    text = request.META.get("REMOTE_ADDR") or ""
    if settings.SECURE_PROXY_SSL_HEADER and (forwarded := request.headers.get("X-Forwarded-For")):
        text = forwarded.rpartition(",")[2].strip()
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text[:100]  # a Unix socket, or what a proxy calls unknown
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), 64), strict=False))
    return text
