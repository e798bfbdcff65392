"""What runs turns: the engines behind one port."""

from services.communication.adapters.engine import Availability, Encounter, Engine
from services.communication.adapters.engines import Engines
from services.communication.adapters.native import NativeEngine
from services.communication.adapters.tinytroupe import TinyTroupeEngine

__all__ = ["Availability", "Encounter", "Engine", "Engines", "NativeEngine", "TinyTroupeEngine"]
