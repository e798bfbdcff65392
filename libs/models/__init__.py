"""How a service reaches language models: by the `models` service, in the language of `libs.contracts.turns`."""

from libs.models.asking import Asked, ModelFailedError, answer_to, ask, ask_one, check_mind, check_model, refusal_of
from libs.models.client import BudgetSpentError, Models, ModelsAwayError, ModelsClient, ModelsError, in_groups

__all__ = [
    "Asked",
    "BudgetSpentError",
    "ModelFailedError",
    "Models",
    "ModelsAwayError",
    "ModelsClient",
    "ModelsError",
    "answer_to",
    "ask",
    "ask_one",
    "check_mind",
    "check_model",
    "in_groups",
    "refusal_of",
]
