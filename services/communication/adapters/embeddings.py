"""Embeddings of texts, by the embedding model that stands beside the model an agent thinks with."""

import logging
from collections.abc import Mapping, Sequence
from typing import Protocol

from libs.minds.retrieval import Vector
from libs.models import BudgetSpentError, Models, ModelsAwayError, ModelsError

log = logging.getLogger(__name__)
TEXTS_IN_REQUEST = 512


class Embedder(Protocol):
    """Whoever gives texts their vectors."""

    async def vectors(self, model: str, texts: Sequence[str], simulation_id: str) -> Mapping[str, Vector]:
        """The vector of each text; none at all where the endpoint of the model gives none."""


class ModelsEmbedder:
    """The embedding models of the models service. Which one stands beside a model is asked once."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._beside: dict[str, str | None] = {}

    async def vectors(self, model: str, texts: Sequence[str], simulation_id: str) -> Mapping[str, Vector]:
        """The vector of each text; none when they are refused, which is logged. Raises `ModelsError` for a while."""
        found: dict[str, Vector] = {}
        try:
            embedder = await self._embedder(model)
            for start in range(0, len(texts) if embedder else 0, TEXTS_IN_REQUEST):
                some = texts[start : start + TEXTS_IN_REQUEST]
                vectors = await self._models.embed(str(embedder), some, simulation_id)
                found |= dict(zip(some, vectors, strict=True))
        except (ModelsAwayError, BudgetSpentError):
            raise
        except ModelsError as error:
            log.warning("texts have no embeddings: %s", error)
            return {}
        return found

    async def _embedder(self, model: str) -> str | None:
        if model not in self._beside:
            self._beside[model] = next(iter(await self._models.embedding_models(model)), None)
        return self._beside[model]
