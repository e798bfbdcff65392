"""What agents think with: the engines behind one port, embeddings, and a judge."""

from typing import NamedTuple

from services.communication.adapters.embeddings import Embedder, ModelsEmbedder
from services.communication.adapters.engine import Availability, Encounter, Engine
from services.communication.adapters.engines import Engines
from services.communication.adapters.judge import Judge, Judgement, ModelsJudge
from services.communication.adapters.native import NativeEngine
from services.communication.adapters.tinytroupe import TinyTroupeEngine

__all__ = [
    "Availability",
    "Embedder",
    "Encounter",
    "Engine",
    "Engines",
    "Judge",
    "Judgement",
    "Minds",
    "ModelsEmbedder",
    "ModelsJudge",
    "NativeEngine",
    "TinyTroupeEngine",
]


class Minds(NamedTuple):
    """All of it."""

    engines: Engines
    embedder: Embedder
    judge: Judge
