"""JSON in a column, as it was written."""

from typing import Any

from django.db.models import JSONField

from tasks import events


class OrderedJSONField(JSONField):
    """Django's JSONField, but objects keep the order of their keys, which a table's columns are read from.

    PostgreSQL's ``jsonb``, which Django takes, sorts them by length; its ``json`` keeps the text. The price: a column
    of it cannot be compared, only cast (``args::jsonb``).
    """

    def db_type(self, connection: Any) -> str | None:
        return "json" if connection.vendor == "postgresql" else super().db_type(connection)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if connection.vendor == "postgresql":
            from psycopg.types.json import Json  # which projects with SQLite need not have

            return Json(value, dumps=events.dumps)
        return super().get_db_prep_value(value, connection, prepared)

    def select_format(self, compiler: Any, sql: str, params: Any) -> tuple[str, Any]:
        # As text: psycopg would decode `json` by itself, and Django then once more.
        if compiler.connection.vendor == "postgresql":
            sql += "::text"
        return sql, params
