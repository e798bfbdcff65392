"""OpenAI-compatible servers: HTTP to an endpoint, what is asked of it, and what came of it."""

from services.models.adapters.upstream.backend import Upstream

__all__ = ["Upstream"]
