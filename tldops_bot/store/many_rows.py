"""Inserts thousands of rows in one statement: as one JSON text, which the database takes apart."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any, cast

from sqlalchemy import JSON, Insert, Integer, Select, Table, bindparam, column, func, insert, select
from sqlalchemy import Text as TextType
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import Session

from tldops_bot.store.columns import Base

# Up to this many, one by one is as quick; psycopg is slow at more than one.
_FEW = {"sqlite": 20, "postgresql": 1}


def insert_many(
    session: Session, model: type[Base], columns: Sequence[str], rows: Sequence[Sequence[Any]], **same: Any
) -> None:
    """Insert rows of texts and integers, in order; `same` holds the columns that all of them share."""
    table = cast(Table, model.__table__)
    session.flush()
    dialect = session.get_bind().dialect.name
    if 0 < len(rows) <= _FEW[dialect]:
        named = [same | dict(zip(columns, row, strict=True)) for row in rows]
        session.connection().execute(_one_by_one(table), named)
    elif rows:
        shared = {f"same_{name}": value for name, value in same.items()}
        # Not escaped to ASCII: half a surrogate pair must fail here, not be stored and never read again.
        listed = json.dumps(rows, ensure_ascii=False)
        statement = _all_at_once(table, tuple(columns), tuple(same), dialect)
        session.connection().execute(statement, shared | {"rows": listed})


@cache
def _one_by_one(table: Table) -> Insert:
    return insert(table).inline()


@cache
def _all_at_once(table: Table, columns: Sequence[str], same: Sequence[str], dialect: str) -> Insert:
    shared = [bindparam(f"same_{name}", type_=table.c[name].type) for name in same]
    rows = _taken_apart(table, columns, dialect).add_columns(*shared)
    return insert(table).from_select([*columns, *same], rows)


def _taken_apart(table: Table, columns: Sequence[str], dialect: str) -> Select[Any]:
    """The rows of the parameter `rows`, a JSON list of lists, with the types of these columns."""
    rows, value = bindparam("rows", type_=TextType), column("value", JSON)
    if dialect == "postgresql":
        listed = func.json_array_elements(sql_cast(rows, JSON))
        each = listed.table_valued(value, with_ordinality="key").render_derived()
    else:
        each = func.json_each(rows).table_valued(column("key", Integer), value)
    fields = [each.c.value[nth] for nth in range(len(columns))]
    typed = [
        field.as_integer() if isinstance(table.c[name].type, Integer) else field.as_string()
        for name, field in zip(columns, fields, strict=True)
    ]
    return select(*typed).order_by(each.c.key)
