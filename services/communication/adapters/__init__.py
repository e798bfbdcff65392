"""What runs turns: the engines behind one port."""

from services.communication.adapters.embeddings import Embedder, ModelsEmbedder
from services.communication.adapters.engine import Availability, Encounter, Engine
from services.communication.adapters.engines import Engines
from services.communication.adapters.native import NativeEngine
from services.communication.adapters.tinytroupe import TinyTroupeEngine

__all__ = [
    "Availability",
    "Embedder",
    "Encounter",
    "Engine",
    "Engines",
    "ModelsEmbedder",
    "NativeEngine",
    "TinyTroupeEngine",
]
