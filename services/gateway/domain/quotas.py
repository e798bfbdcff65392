"""When a quota is used up, and what is said then. What frees itself is 429, what only the operator can raise 402."""

from contextlib import suppress
from typing import ClassVar

from pydantic import ValidationError

from libs.contracts.errors import DomainError, FieldError
from libs.contracts.experiments import RobustnessSpec
from libs.contracts.quotas import Quota, QuotaUse

VARIES = "POST /interventions/{intervention_id}/robustness"
STARTS = frozenset(
    {
        "POST /simulations/create",
        "POST /simulations/{simulation_id}/restore/{checkpoint_id}",
        "POST /interventions/{intervention_id}/execute",
        VARIES,
        "POST /simulations/{simulation_id}/clone",
        "POST /simulations/{simulation_id}/rerun",
        "POST /studies/run",
        "POST /studies/{study_id}/run",
        "POST /events",
    }
)
"""Operations that begin simulations."""
RETRY_AFTER_S = 15


class QuotaError(DomainError):
    """A quota is used up."""

    title = "The quota is used up"
    status = 402


class BusyError(QuotaError):
    """As many simulations as are allowed are running."""

    status = 429
    headers: ClassVar = {"retry-after": str(RETRY_AFTER_S)}


def begun_by(operation: str, body: bytes) -> int:
    """How many simulations a request begins. One that its owner will refuse counts as any other."""
    if operation == VARIES:
        with suppress(ValidationError):
            return RobustnessSpec.model_validate_json(body).count
    return 1


def check_start(quota: Quota, used: QuotaUse, wanted: int = 1) -> None:
    """Raise `QuotaError` when a tenant may not begin so many simulations now."""
    most = quota.running_simulations
    if most is not None and used.running_simulations + wanted > most:
        says = f"The tenant may run {most} simulations at the same time and runs {used.running_simulations}; "
        errors = _errors("running_simulations", most)
        if wanted > most:
            raise QuotaError(f"{says}these would be {wanted}, which never fits.", errors)
        raise BusyError(f"{says}this begins {wanted}. Wait until others have ended.", errors)
    for name, cap, spent in (
        ("usd_per_month", quota.usd_per_month, used.usd),
        ("calls_per_month", quota.calls_per_month, used.calls),
    ):
        if cap is not None and spent >= cap:
            raise QuotaError(
                f"The tenant may use {cap:g} {name.replace('_', ' ')} and has used {spent:g} in {used.month}. Wait for "
                "the next month, or have the operator raise it.",
                _errors(name, cap),
            )


def check_people(quota: Quota, people: int) -> None:
    """Raise `QuotaError` when there is no room for one more person."""
    if quota.people is not None and people >= quota.people:
        raise QuotaError(
            f"The tenant may have {quota.people} people, with keys or tokens, and has {people}. Revoke a key, or have "
            "the operator raise it.",
            _errors("people", quota.people),
        )


def _errors(name: str, cap: float) -> list[FieldError]:
    return [FieldError(name, f"is used up: {cap:g}")]
