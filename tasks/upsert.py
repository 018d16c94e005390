"""Many rows at once, inserted, or overwritten where they are there already."""

from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import Any

from django.db import connections, models, router


def upsert(model: type[models.Model], rows: Sequence[Mapping[str, Any]], overwrite: Collection[str]) -> None:
    """Insert these rows (values by column), which all have the same columns; of those that are there, by their primary
    key, only `overwrite` is changed.

    `bulk_create` means the same and takes a quarter more: it makes an object of each row, and asks for every column of
    the table, also those that nobody sets.
    """
    if not rows:
        return
    connection = connections[router.db_for_write(model)]
    columns = {field.column: field for field in model._meta.concrete_fields if field.column in rows[0]}
    values = [
        [field.get_db_prep_save(row[column], connection) for column, field in columns.items()]  # type: ignore[index]
        for row in rows
    ]
    quote = connection.ops.quote_name
    # Only names of ours stand in the statement.
    head = f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(map(quote, columns))})"  # type: ignore[arg-type]
    changes = ", ".join(f"{quote(name)} = EXCLUDED.{quote(name)}" for name in overwrite)
    tail = f"ON CONFLICT ({quote(str(model._meta.pk.column))}) DO UPDATE SET {changes}"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A parameter for each column: psycopg and the server take long over one for each value.
            types = ", ".join(f"%s::{field.db_type(connection)}[]" for field in columns.values())
            by_column = list(map(list, zip(*values, strict=True)))
            cursor.execute(f"{head} SELECT * FROM UNNEST({types}) {tail}", by_column)  # noqa: S608
            return
        place = f"({', '.join(['%s'] * len(columns))})"
        at_once = (connection.features.max_query_params or 30_000) // len(columns)
        for start in range(0, len(values), at_once):
            some = values[start : start + at_once]
            cursor.execute(f"{head} VALUES {', '.join([place] * len(some))} {tail}", list(chain.from_iterable(some)))
