"""What agents think and work with: the engines behind one port, embeddings, a judge, and tools."""

from typing import NamedTuple

from libs.minds.tools import Tools
from services.communication.adapters.embeddings import Embedder, ModelsEmbedder
from services.communication.adapters.engine import Availability, Encounter, Engine
from services.communication.adapters.engines import Engines
from services.communication.adapters.judge import Judge, Judgement, ModelsJudge, Verdict
from services.communication.adapters.native import NativeEngine
from services.communication.adapters.tinytroupe import TinyTroupeEngine
from services.communication.adapters.tools import ToolError, load_tools

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
    "ToolError",
    "Verdict",
    "load_tools",
]


class Minds(NamedTuple):
    """All of it."""

    engines: Engines
    embedder: Embedder
    judge: Judge
    tools: Tools
