"""Sums over the ledger: what a tenant used, by simulation, model or day."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal, select, union_all

from libs.contracts.usage import UsageBy, UsageLine
from libs.db import Transaction
from services.models.tables import CallState, cache_hits, calls

_ENDED_AT = func.coalesce(calls.c.finished_at, calls.c.reserved_at)
_SUMS = tuple(name for name in UsageLine.model_fields if name != "key")


@dataclass(frozen=True, slots=True)
class Summary:
    """Which sums are wanted: lines after a key, of calls that ended in a period."""

    by: UsageBy
    since: datetime | None
    until: datetime | None
    after: str | None
    limit: int


def _day(dialect: str) -> ColumnElement[str]:
    if dialect == "postgresql":
        return func.to_char(func.timezone("UTC", _ENDED_AT), "YYYY-MM-DD")
    return func.strftime("%Y-%m-%d", _ENDED_AT)


class Summaries:
    """Every query filters by the transaction's tenant."""

    async def lines(self, tx: Transaction, wanted: Summary) -> list[UsageLine]:
        """Lines with the greatest key first. When an answer that was known was given, nothing says."""
        has_hits = wanted.by != "day" and wanted.since is None and wanted.until is None
        each = union_all(_calls(tx, wanted), *([_hits(tx, wanted)] if has_hits else [])).subquery()
        key = each.c.key
        sums = [func.sum(each.c[name]).label(name) for name in _SUMS]
        query = select(key, *sums).group_by(key).order_by(key.desc()).limit(wanted.limit)
        if wanted.after is not None:
            query = query.where(key < wanted.after)
        unknown = {} if has_hits else {"cached_calls": None}
        return [UsageLine.model_validate({**row, **unknown}) for row in (await tx.execute(query)).mappings()]


def _calls(tx: Transaction, wanted: Summary) -> Select[Any]:
    """A row for each call that was made."""
    keys = {"simulation": calls.c.simulation_id, "model": calls.c.asked_model, "tenant": calls.c.tenant}
    query = select(
        keys.get(wanted.by, _day(tx.dialect)).label("key"),
        literal(1).label("calls"),
        _one_if(calls.c.state == CallState.FAILED).label("failed_calls"),
        literal(0).label("cached_calls"),
        calls.c.prompt_tokens,
        calls.c.completion_tokens,
        calls.c.cost_usd,
        _one_if(~calls.c.is_priced & calls.c.is_answered).label("unpriced_calls"),
    ).where(calls.c.tenant == tx.tenant, calls.c.state != CallState.RESERVED)
    if wanted.since is not None:
        query = query.where(literal(wanted.since, calls.c.reserved_at.type) <= _ENDED_AT)
    if wanted.until is not None:
        query = query.where(literal(wanted.until, calls.c.reserved_at.type) > _ENDED_AT)
    return query


def _hits(tx: Transaction, wanted: Summary) -> Select[Any]:
    """A row for each model and simulation whose answers were known."""
    keys = {
        "simulation": cache_hits.c.simulation_id,
        "model": cache_hits.c.asked_model,
        "tenant": cache_hits.c.tenant,
    }
    nothing = {name: literal(0).label(name) for name in _SUMS}
    columns = {**nothing, "cached_calls": cache_hits.c.calls.label("cached_calls")}
    return select(keys[wanted.by].label("key"), *columns.values()).where(cache_hits.c.tenant == tx.tenant)


def _one_if(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)
