"""The database's counters. Raising one locks it until the transaction ends: its order is that of commits."""

from django.db.models import F

from tasks.models import Counter


def add(name: str, n: int) -> int:
    """Raise the counter by `n` and return its new value. Call it inside a transaction."""
    if not Counter.objects.filter(name=name).update(value=F("value") + n):
        Counter.objects.bulk_create([Counter(name=name)], ignore_conflicts=True)
        Counter.objects.filter(name=name).update(value=F("value") + n)
    return Counter.objects.values_list("value", flat=True).get(name=name)


def get(name: str) -> int:
    """The counter's value; 0 where it was never raised."""
    return Counter.objects.values_list("value", flat=True).filter(name=name).first() or 0
