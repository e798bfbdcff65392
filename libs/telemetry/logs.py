"""Structured logs: one JSON object a line (or text for a terminal), always with the correlation id."""

import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TextIO

import orjson

correlation_id: ContextVar[str | None] = ContextVar("correlation_id", default=None)
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}

NOISY = ("httpx", "aiosqlite", "alembic", "nats", "faststream", "uvicorn.access")
"""What says much that nobody reads, unless it is a warning."""


class JsonFormatter(logging.Formatter):
    """A record as JSON; values given in `extra` become fields, control characters are escaped by JSON itself."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        correlation = correlation_id.get()
        if correlation is not None:
            entry["correlation_id"] = correlation
        entry |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(entry, default=str).decode()


def configure_logs(level: str = "INFO", stream: TextIO = sys.stderr) -> None:
    """Send every log to `stream`: JSON, or plain lines when a person watches."""
    handler = logging.StreamHandler(stream)
    if stream.isatty():
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S"))
    else:
        handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for noisy in NOISY:
        logging.getLogger(noisy).setLevel(max(root.level, logging.WARNING))
