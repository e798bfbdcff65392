"""What is observed of calls. Named by the model that was asked for: what a provider calls itself has no bounds."""

from functools import cache

from libs.telemetry.metrics import MODEL_CALLS, MODEL_COST, MODEL_SECONDS, MODEL_TOKENS
from services.models.domain.calls import Outcome

# Finding a metric by its labels costs more than counting; a tenant's models are few.
_calls = cache(MODEL_CALLS.labels)
_tokens = cache(MODEL_TOKENS.labels)
_seconds = cache(MODEL_SECONDS.labels)
_cost = cache(MODEL_COST.labels)


def observe_call(model: str, outcome: Outcome, cost_usd: float | None) -> None:
    """A call came to its end."""
    if outcome.is_withdrawn:
        _calls(model, "withdrawn").inc()
        return
    _calls(model, "answered" if outcome.failure is None else "failed").inc()
    _seconds(model).observe(outcome.latency_ms / 1_000)
    _tokens(model, "prompt").inc(outcome.prompt_tokens)
    _tokens(model, "prompt_cached").inc(sum(spent.cached_prompt_tokens for spent in outcome.spent))
    _tokens(model, "completion").inc(outcome.completion_tokens)
    _cost(model).inc(cost_usd or 0.0)


def observe_hits(model: str, number: int) -> None:
    """Calls were answered from the ledger and cost nothing."""
    _calls(model, "cached").inc(number)
