"""OpenAI-compatible servers: HTTP to an endpoint, what is asked of it, and what came of it."""

from services.models.adapters.upstream.desk import Pace
from services.models.adapters.upstream.gate import Load
from services.models.adapters.upstream.knowledge import Memory
from services.models.adapters.upstream.server import Server

__all__ = ["Load", "Memory", "Pace", "Server"]
