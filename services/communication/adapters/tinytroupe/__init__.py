"""TinyTroupe as an engine: `engine` in this process, `child` in one that has the library."""

from services.communication.adapters.tinytroupe.engine import TinyTroupeEngine

__all__ = ["TinyTroupeEngine"]
