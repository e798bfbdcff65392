"""What is observed of calls. Named by the model that was asked for: what a provider calls itself has no bounds."""

from libs.telemetry.metrics import MODEL_CALLS, MODEL_COST, MODEL_SECONDS, MODEL_TOKENS
from services.models.domain.calls import Outcome


def observe_call(model: str, outcome: Outcome, cost_usd: float | None) -> None:
    """A call came to its end."""
    if outcome.is_withdrawn:
        MODEL_CALLS.labels(model, "withdrawn").inc()
        return
    MODEL_CALLS.labels(model, "answered" if outcome.failure is None else "failed").inc()
    MODEL_SECONDS.labels(model).observe(outcome.latency_ms / 1_000)
    MODEL_TOKENS.labels(model, "prompt").inc(outcome.prompt_tokens)
    MODEL_TOKENS.labels(model, "prompt_cached").inc(sum(spent.cached_prompt_tokens for spent in outcome.spent))
    MODEL_TOKENS.labels(model, "completion").inc(outcome.completion_tokens)
    MODEL_COST.labels(model).inc(cost_usd or 0.0)


def observe_hits(model: str, number: int) -> None:
    """Calls were answered from the ledger and cost nothing."""
    MODEL_CALLS.labels(model, "cached").inc(number)
