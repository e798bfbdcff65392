"""Backends: what answers a call. The offline model in this process, or an OpenAI-compatible server."""

from services.models.adapters.backend import Backend
from services.models.adapters.offline import Offline
from services.models.adapters.upstream import Load, Memory, Pace, Server

__all__ = ["Backend", "Load", "Memory", "Offline", "Pace", "Server"]
