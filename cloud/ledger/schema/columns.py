"""What every table of the ledger is made of: one MetaData, and columns whose forms are alike on both databases."""

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, SmallInteger, text
from sqlalchemy.types import TypeEngine

Form = TypeEngine[Any] | type[TypeEngine[Any]]
metadata = MetaData()
Big = BigInteger().with_variant(Integer, "sqlite")
Small = SmallInteger().with_variant(Integer, "sqlite")
Bytes = LargeBinary


def col(name: str, form: Form, default: str | None = None) -> Column[Any]:
    return Column(name, form, nullable=False, server_default=default)


def maybe(name: str, form: Form) -> Column[Any]:
    return Column(name, form, nullable=True)


def row_id(name: str = "id") -> Column[int]:
    """The primary key: a number that the ledger gives, or that of another table's row."""
    return Column(name, Big, primary_key=True, autoincrement=False)


def where(condition: str) -> dict[str, Any]:
    """Of an index over some rows only, which both databases have."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
