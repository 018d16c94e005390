"""The database's counters. Raising one locks it until the transaction ends: its order is that of commits."""

from django.db import connections, router

from tasks.models import Counter

_TABLE = Counter._meta.db_table
# The ORM takes ten times as long to put them together as the database to run them, and every launch waits for that.
# Only names of ours stand in them.
_ADD = (
    f"INSERT INTO {_TABLE} (name, value) VALUES (%s, %s) "  # noqa: S608
    f"ON CONFLICT (name) DO UPDATE SET value = {_TABLE}.value + EXCLUDED.value"
)
_GET = f"SELECT value FROM {_TABLE} WHERE name = %s"  # noqa: S608


def add(name: str, n: int) -> int:
    """Raise the counter by `n` and return its new value. Call it inside a transaction."""
    with connections[router.db_for_write(Counter)].cursor() as cursor:
        cursor.execute(_ADD, [name, n])
        cursor.execute(_GET, [name])
        return int(cursor.fetchone()[0])


def get(name: str) -> int:
    """The counter's value; 0 where it was never raised."""
    return Counter.objects.values_list("value", flat=True).filter(name=name).first() or 0
