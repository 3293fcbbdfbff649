"""Our own column types: moments are aware and in UTC on the way in and out, whatever the database keeps."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, Enum, LargeBinary, String, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, mapped_column


class Moment(TypeDecorator[datetime]):
    """An aware datetime in UTC. A naive one is a bug of ours, and is rejected."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def one_of(words: type[StrEnum]) -> Enum:
    """The words of an enumeration, kept as text; what is none of them is not read: LookupError."""
    return Enum(words, native_enum=False, length=32, values_callable=lambda of: [one.value for one in of])


class Base(DeclarativeBase):
    """All tables; migrations/ builds exactly these."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Moment,
        bytes: LargeBinary,
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[int]: JSON,
    }


Key = Annotated[int, mapped_column(primary_key=True, autoincrement=True)]
Fingerprint = Annotated[str, mapped_column(String(64))]
AddressText = Annotated[str, mapped_column(String(320))]
Label = Annotated[str, mapped_column(String(63))]
Word = Annotated[str, mapped_column(String(32))]
Line = Annotated[str, mapped_column(String(255))]
Words = Annotated[str, mapped_column(Text)]
