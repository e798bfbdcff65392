"""How a service reaches language models: by the `models` service, in the language of `libs.contracts.turns`."""

from libs.models.asking import (
    Asked,
    ModelFailedError,
    NotFinishedError,
    answer_to,
    ask,
    ask_one,
    check_mind,
    check_model,
    in_time,
    refusal_of,
)
from libs.models.client import BudgetSpentError, Models, ModelsAwayError, ModelsClient, ModelsError, in_groups

__all__ = [
    "Asked",
    "BudgetSpentError",
    "ModelFailedError",
    "Models",
    "ModelsAwayError",
    "ModelsClient",
    "ModelsError",
    "NotFinishedError",
    "answer_to",
    "ask",
    "ask_one",
    "check_mind",
    "check_model",
    "in_groups",
    "in_time",
    "refusal_of",
]
