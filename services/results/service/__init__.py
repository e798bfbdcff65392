"""Use cases of the results service: what was found out, and the tools that work on what was recorded."""

from services.results.service.results import Results, Status

__all__ = ["Results", "Status"]
