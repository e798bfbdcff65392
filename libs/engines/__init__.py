"""Asking the communication service which engines can run there, before a simulation is created that none would run.

Only what is known is refused: while the communication service is away every engine passes, and its turns say later why
they failed.
"""

import logging

import httpx

from libs.contracts.errors import InvalidError
from libs.contracts.specs import Engine
from libs.http import Badge, connect

log = logging.getLogger(__name__)
ALWAYS_THERE: Engine = "native"


class Engines:
    """The engines of the communication service at a URL."""

    def __init__(self, url: str, *, silence_s: float, badge: Badge | None = None) -> None:
        self._url = url
        self._badge = badge
        self._silence_s = silence_s

    async def check(self, engine: Engine) -> None:
        """Raise `InvalidError` for an engine that cannot run; its message says what to do about it."""
        if engine == ALWAYS_THERE:
            return
        try:
            async with connect(self._url, timeout_s=self._silence_s, badge=self._badge) as client:
                response = await client.get("/communications/engines", timeout=self._silence_s)
                response.raise_for_status()
                found = {one["name"]: one["problem"] for one in response.json()["items"]}
        except (httpx.HTTPError, ValueError, KeyError) as error:
            log.warning("the engine %r was not checked: %r", engine, error)
            return
        able = [name for name, problem in found.items() if problem is None]
        if (problem := found.get(engine, "is not known")) is not None:
            raise InvalidError("engine", problem, able)
