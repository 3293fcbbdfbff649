"""Inserts thousands of rows in one statement: as one JSON text, which the database takes apart."""

import json
from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import JSON, Integer, Select, Table, bindparam, column, func, insert, literal, select
from sqlalchemy import Text as TextType
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import Session

from tldops_bot.store.columns import Base

_FEW = 20  # up to this many, one by one is as quick


def insert_many(
    session: Session, model: type[Base], columns: Sequence[str], rows: Sequence[Sequence[Any]], **same: Any
) -> None:
    """Insert rows of texts and integers, in order; `same` holds the columns that all of them share."""
    table = cast(Table, model.__table__)
    session.flush()
    if 0 < len(rows) <= _FEW:
        named = [same | dict(zip(columns, row, strict=True)) for row in rows]
        session.connection().execute(insert(table).inline(), named)
    elif rows:
        fixed = [literal(value, table.c[name].type) for name, value in same.items()]
        taken_apart = _taken_apart(table, columns, session.get_bind().dialect.name).add_columns(*fixed)
        statement = insert(table).from_select([*columns, *same], taken_apart)
        # Not escaped to ASCII: half a surrogate pair must fail here, not be stored and never read again.
        session.connection().execute(statement, {"rows": json.dumps(rows, ensure_ascii=False)})


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
