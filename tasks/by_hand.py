"""One row written, rows read by a key: statements by hand, for what every call to the API waits for.

The ORM takes ten times as long to put such a statement together as the database to run it. Only names of models and
fields stand in them.
"""

from collections.abc import Collection
from typing import Any, TypeVar

from django.db import connections, models, router

Row = TypeVar("Row", bound=models.Model)


def insert(row: models.Model) -> None:
    """`row.save(force_insert=True)`, but for signals. Raises what the database raises."""
    meta: Any = row._meta
    connection = connections[router.db_for_write(type(row))]
    quote = connection.ops.quote_name
    is_numbered = row.pk is None  # by the database
    fields = [field for field in meta.concrete_fields if not (is_numbered and field is meta.pk)]
    values = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]
    columns, places = ", ".join([quote(field.column) for field in fields]), ", ".join(["%s"] * len(fields))
    statement = f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES ({places})"  # noqa: S608
    with connection.cursor() as cursor:
        if is_numbered:
            cursor.execute(f"{statement} RETURNING {quote(meta.pk.column)}", values)
            [row.pk] = cursor.fetchone()
        else:
            cursor.execute(statement, values)
    row._state.adding, row._state.db = False, connection.alias


def having(model: type[Row], name: str, values: Collection[Any]) -> list[Row]:
    """The rows whose field of this name, or "pk", has one of these values."""
    if not values:
        return []
    connection = connections[router.db_for_read(model)]
    quote = connection.ops.quote_name
    meta: Any = model._meta
    field = meta.pk if name == "pk" else meta.get_field(name)
    places = ", ".join(["%s"] * len(values))
    statement = f"SELECT * FROM {quote(meta.db_table)} WHERE {quote(field.column)} IN ({places})"  # noqa: S608
    prepared = [field.get_db_prep_value(value, connection) for value in values]
    return list(model._base_manager.raw(statement, prepared))
