"""What runs turns: the engines behind one port."""

from services.communication.adapters.engine import Encounter, Engine
from services.communication.adapters.native import NativeEngine

__all__ = ["Encounter", "Engine", "NativeEngine"]
