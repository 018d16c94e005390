"""Many rows at once, inserted, or overwritten where they are there already; and many ids, asked for at once."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Any
from uuid import UUID

from django.db import connections, models, router
from django.db.models.expressions import RawSQL

from tasks import events

# Rows that PostgreSQL is given at once, and writes while the next are prepared.
_PIECE = 125

Row = Mapping[str, Any]


class JSONText(str):
    """The value of a JSON column, as text that is to be written as it is."""


def upsert(model: type[models.Model], rows: Iterable[Row], overwrite: Collection[str]) -> None:
    """Insert these rows (values by column), which all have the same columns; of those that are there, by their primary
    key, only `overwrite` is changed. Rows are asked for while the server writes those before them.

    `bulk_create` means the same and takes several times as long: it makes an object of each row, asks each field of the
    model for the form of each value, and has psycopg quote them one by one.
    """
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return
    rows = chain([first], rows)
    connection, fields, columns = _target(model, first)
    changes = ", ".join(f'"{name}" = EXCLUDED."{name}"' for name in overwrite)
    on_conflict = f'ON CONFLICT ("{model._meta.pk.column}") DO UPDATE SET {changes}'
    if connection.vendor != "postgresql":
        _insert_one_by_one(connection, model, fields, columns, rows, on_conflict)
        return
    # Only names of ours stand in the statement.
    types = ", ".join(f'"{field.column}" {field.db_type(connection)}' for field in fields)
    source = f"SELECT {columns} FROM json_to_recordset(%s) AS rows({types})"  # noqa: S608
    statement = f'INSERT INTO "{model._meta.db_table}" ({columns}) {source} {on_conflict}'
    # Beyond Django's own methods psycopg raises its own errors, unless it is said here.
    with connection.wrap_database_errors, connection.cursor() as cursor, connection.connection.pipeline():
        while piece := ",".join(map(_as_json, islice(rows, _PIECE))):
            # One parameter for all: psycopg takes long over each value, and longer over each element of an array.
            cursor.execute(statement, [f"[{piece}]"])


def insert(model: type[models.Model], rows: Sequence[Row]) -> None:
    """Insert these rows (values by column), which all have the same columns."""
    if not rows:
        return
    connection, fields, columns = _target(model, rows[0])
    if connection.vendor != "postgresql":
        _insert_one_by_one(connection, model, fields, columns, rows, "")
        return
    names = [field.column for field in fields]
    lines = ["\t".join([_copied(row[name]) for name in names]) for row in rows]
    statement = f'COPY "{model._meta.db_table}" ({columns}) FROM STDIN'
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write("\n".join(lines))


def among(model: type[models.Model], keys: Iterable[str]) -> RawSQL:
    """`pk__in=` of these UUIDs, as one parameter: the ORM takes longer over each than the database."""
    connection = connections[router.db_for_read(model)]
    if connection.vendor == "postgresql":
        return RawSQL("SELECT value::uuid FROM json_array_elements_text(%s)", [events.dumps(list(keys))])
    return RawSQL("SELECT value FROM json_each(%s)", [events.dumps([_hex(key) for key in keys])])


def _target(model: type[models.Model], row: Row) -> tuple[Any, list[Any], str]:
    """The connection to the model's table, the fields that `row` has, and their columns' names."""
    fields = [field for field in model._meta.concrete_fields if field.column in row]
    return connections[router.db_for_write(model)], fields, ", ".join(f'"{field.column}"' for field in fields)


def _insert_one_by_one(
    connection: Any, model: type[models.Model], fields: list[Any], columns: str, rows: Iterable[Row], on_conflict: str
) -> None:
    places = ", ".join(["%s"] * len(fields))
    forms = [(field.column, _sqlite_form(field, connection)) for field in fields]
    values = [[form(row[column]) if form else row[column] for column, form in forms] for row in rows]
    with connection.cursor() as cursor:
        # Only names of ours stand in the statement.
        table = f'"{model._meta.db_table}"'
        cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places}) {on_conflict}", values)  # noqa: S608


def _copied(value: Any) -> str:
    """A value as PostgreSQL's COPY reads it."""
    if value is None:
        return "\\N"
    if not isinstance(value, str):
        return str(value)
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def _as_json(row: Row) -> str:
    """The row as JSON; PostgreSQL reads a UUID or a time from its text."""
    texts, values = [], {}
    for column, value in row.items():
        kind = type(value)
        if kind is JSONText:
            texts.append(f'"{column}":{value}')
        elif value is not None:  # what is not told is NULL
            values[column] = str(value) if kind is datetime or kind is UUID else value
    return f"{','.join([events.dumps(values)[:-1], *texts])}}}"


def _sqlite_form(field: Any, connection: Any) -> Callable[[Any], Any] | None:
    """What makes of a value what SQLite is given for this field; None where it is given the value."""
    own = field.target_field if field.is_relation else field
    if isinstance(own, models.UUIDField):
        return _hex
    if isinstance(own, models.JSONField):
        return _json
    if isinstance(own, models.DateTimeField) and connection.timezone is UTC:
        return lambda value: _without_zone(value) or field.get_db_prep_save(value, connection)
    if isinstance(own, models.CharField | models.TextField | models.IntegerField | models.BooleanField):
        return None
    return lambda value: field.get_db_prep_save(value, connection)


def _hex(value: Any) -> str | None:
    return None if value is None else str(value).replace("-", "")


def _without_zone(value: Any) -> str | None:
    """As Django writes a time for SQLite; None where it is none, or is not told in UTC."""
    return str(value)[: -len("+00:00")] if value is not None and value.tzinfo is UTC else None


def _json(value: Any) -> str | None:
    if type(value) is JSONText:
        return None if value == "null" else str(value)
    return None if value is None else json.dumps(value)
