"""Keyset pages: `{"items": […], "next_cursor": …}`. A cursor is the key of the last item, opaque to clients."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

import orjson
from fastapi import Query
from pydantic import BaseModel

from libs.contracts.errors import InvalidError

T = TypeVar("T")
R = TypeVar("R")
DEFAULT_LIMIT = 50
MAX_LIMIT = 500

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items in one page.")]
Cursor = Annotated[str | None, Query(max_length=500, description="`next_cursor` of the page before.")]


class Page(BaseModel, Generic[T]):
    """One page of a list; `next_cursor` is null on the last."""

    items: list[T]
    next_cursor: str | None


def encode_cursor(*key: Any) -> str:
    """The cursor that continues after this key."""
    return base64.urlsafe_b64encode(orjson.dumps(list(key))).decode().rstrip("=")


def decode_cursor(cursor: str | None, *types: type, field: str = "cursor") -> tuple[Any, ...] | None:
    """The key in a cursor, None without one. Raises `InvalidError` for a cursor that this list never gave."""
    if cursor is None:
        return None
    try:
        key = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        key = None
    if not isinstance(key, list) or len(key) != len(types) or [type(part) for part in key] != list(types):
        raise InvalidError(field, "is not a cursor of this list; leave it out to start at the first page")
    return tuple(key)


def page(rows: Sequence[R], limit: int, view: Callable[[R], T], key: Callable[[R], tuple[Any, ...]]) -> Page[T]:
    """The page of `limit + 1` fetched rows: the extra one only tells that there are more."""
    shown = rows[:limit]
    more = len(rows) > limit
    return Page(items=[view(row) for row in shown], next_cursor=encode_cursor(*key(shown[-1])) if more else None)
