"""What is wrong with a Redis that answers: it may throw queued jobs away, or it will soon take no more of them."""

from typing import Any

from tasks import eventlog

KEEP = "noeviction"
# Of the memory that it may use: from here on there is time to do something.
NEARLY_FULL = 0.9


def trouble() -> str | None:
    """What somebody has to do about Redis; None where nothing is wrong. Raises LogUnavailable."""
    said: dict[str, Any] = eventlog.ask(lambda redis_: redis_.info("memory"))
    policy = said.get("maxmemory_policy", KEEP)  # a hosted Redis may not say
    # Under another policy Redis throws queued jobs away when its memory is full (seen: 200 of 200), and says nothing.
    if policy != KEEP:
        return f"Redis may throw queued jobs away: set its maxmemory-policy to {KEEP}, it is {policy}"
    most = said.get("maxmemory") or said.get("total_system_memory") or 0
    if most and said["used_memory"] >= NEARLY_FULL * most:
        return (
            f"Redis' memory is nearly full ({said['used_memory'] * 100 // most} % of {most // 2**20} MiB): "
            "give it more, or jobs can soon be neither launched nor followed"
        )
    return None
