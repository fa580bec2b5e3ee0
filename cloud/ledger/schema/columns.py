"""What every table of the ledger is made of: one MetaData, and columns whose forms are alike on both databases."""

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, SmallInteger
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


def row_id() -> Column[int]:
    return Column("id", Big, primary_key=True, autoincrement=False)
