"""`column IN (values)` as one statement, however many values there are: they are one parameter.

SQLAlchemy's own `in_` writes a parameter for each value, so the statement is composed, prepared and planned anew for
every number of them.
"""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import ARRAY, BindParameter, Boolean, ColumnElement, Dialect, Text, bindparam, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class Texts(TypeDecorator[Sequence[str]]):
    """Texts as one parameter: an array, or JSON where there are none."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """What the store takes."""
        return dialect.type_descriptor(ARRAY(Text) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> Any:
        """As the store takes it."""
        given = list(value or ())
        return given if dialect.name == "postgresql" else orjson.dumps(given).decode()


class Among(FunctionElement[bool]):
    """Whether a column has one of the values."""

    type = Boolean()
    inherit_cache = True


def texts(name: str) -> BindParameter[Sequence[str]]:
    """A parameter of a statement that is made once; its values are given by this name."""
    return bindparam(name, type_=Texts())


def among(column: ColumnElement[str], values: Sequence[str] | BindParameter[Sequence[str]]) -> ColumnElement[bool]:
    """Whether a column of texts has one of the values."""
    return Among(column, values if isinstance(values, BindParameter) else bindparam(None, values, type_=Texts()))


@compiles(Among, "postgresql")
def _any(element: Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = element.clauses
    return f"{compiler.process(column, **options)} = ANY ({compiler.process(values, **options)})"


@compiles(Among, "sqlite")
def _each(element: Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = element.clauses
    each = func.json_each(values).table_valued("value")
    return compiler.process(column.in_(select(each.c.value)), **options)
