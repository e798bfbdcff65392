"""How a service reaches language models: by the `models` service, in the language of `libs.contracts.turns`."""

from libs.models.client import Models, ModelsAwayError, ModelsClient, ModelsError, in_groups

__all__ = ["Models", "ModelsAwayError", "ModelsClient", "ModelsError", "in_groups"]
