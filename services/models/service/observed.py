"""What is observed of calls. Named by the model that was asked for: what a provider calls itself has no bounds."""

from functools import cache
from typing import NamedTuple

from prometheus_client import Counter, Histogram

from libs.telemetry.metrics import MODEL_CALLS, MODEL_COST, MODEL_SECONDS, MODEL_TOKENS
from services.models.domain.calls import Outcome


class _Observed(NamedTuple):
    """The metrics of one model; finding them by their labels costs more than counting."""

    calls: dict[str, Counter]
    tokens: dict[str, Counter]
    seconds: Histogram
    cost: Counter


@cache
def _of(model: str) -> _Observed:
    return _Observed(
        {outcome: MODEL_CALLS.labels(model, outcome) for outcome in ("answered", "failed", "withdrawn", "cached")},
        {kind: MODEL_TOKENS.labels(model, kind) for kind in ("prompt", "prompt_cached", "completion")},
        MODEL_SECONDS.labels(model),
        MODEL_COST.labels(model),
    )


def observe_call(model: str, outcome: Outcome, cost_usd: float | None) -> None:
    """A call came to its end."""
    observed = _of(model)
    if outcome.is_withdrawn:
        observed.calls["withdrawn"].inc()
        return
    observed.calls["answered" if outcome.failure is None else "failed"].inc()
    observed.seconds.observe(outcome.latency_ms / 1_000)
    observed.tokens["prompt"].inc(outcome.prompt_tokens)
    observed.tokens["prompt_cached"].inc(sum(spent.cached_prompt_tokens for spent in outcome.spent))
    observed.tokens["completion"].inc(outcome.completion_tokens)
    observed.cost.inc(cost_usd or 0.0)


def observe_hits(model: str, number: int) -> None:
    """Calls were answered from the ledger and cost nothing."""
    _of(model).calls["cached"].inc(number)
