"""What is known about an endpoint's models: probed once for all who ask together, kept, and corrected by refusals.

A probe that fails leaves nothing behind: calls are asked as OpenAI would be, and say themselves what is wrong.
"""

import asyncio
import json
import logging
from collections.abc import Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from time import monotonic
from typing import Any, Protocol

from services.models.adapters.upstream.connection import Connection
from services.models.adapters.upstream.probe import Probe, probe_chat, probe_embeddings
from services.models.domain.calls import Call
from services.models.domain.capabilities import BEST, Capabilities, Format, Found
from services.models.domain.refusals import Cause
from services.models.settings import Endpoint

log = logging.getLogger(__name__)
PAUSE_S = 30.0
"""How long a failed probe, or one that confirmed what was known, is not repeated."""
MOST_SCHEMAS = 1_000


class Memory(Protocol):
    """Where findings outlive the process."""

    async def load(self, endpoint: str, model: str) -> Found | None:
        """What was found about a model."""

    async def save(self, found: Found) -> None:
        """Keep a finding."""


class Knowledge:
    """About one endpoint."""

    def __init__(self, endpoint: Endpoint, connection: Connection, memory: Memory, lifetime: timedelta) -> None:
        self.endpoint = endpoint
        self.problems: dict[str, str] = {}
        """Why the last probe of a model found nothing."""
        self._connection = connection
        self._memory = memory
        self._lifetime = lifetime
        self._served_as = {model.name: model.served_as for model in (*endpoint.models, *endpoint.embedding_models)}
        self._embedding_models = {model.name for model in endpoint.embedding_models}
        self._found: dict[str, Found] = {}
        self._learnt: dict[str, Capabilities] = {}
        self._formats: dict[tuple[str, str], Format] = {}
        """By model and schema: formats in which a server refused this schema alone."""
        self._probing: dict[str, asyncio.Task[None]] = {}
        self._probed_at: dict[str, float] = {}
        self._saving: set[asyncio.Task[None]] = set()

    async def found(self, model: str) -> Found | None:
        """What is known about a model, without asking its server."""
        if model not in self._found and (loaded := await self._loaded(model)) is not None:
            self._keep(loaded)
        return self._found.get(model)

    async def of(self, call: Call) -> Capabilities:
        """How to ask for this call. Whoever asks first probes, the others wait for that."""
        model = call.model
        is_due = self.endpoint.probe and not self._is_fresh(model) and not self._is_pausing(model)
        if is_due or (model in self._probing and model not in self._found):
            await self.probe(model, is_forced=False)
        known = self._learnt.get(model, BEST)
        if call.response_schema is not None and self._formats:
            asked = self._formats.get((model, _digest(call)))
            return known if asked is None else replace(known, format=asked)
        return known

    async def probe(self, model: str, *, is_forced: bool) -> None:
        """Find out about a model; unless forced, what was found before and is fresh will do."""
        running = self._probing.get(model)
        if running is None:
            running = self._probing[model] = asyncio.create_task(self._find(model, is_forced=is_forced))
            running.add_done_callback(lambda _: self._probing.pop(model))
        await asyncio.shield(running)

    def learn(self, call: Call, asked: Capabilities, cause: Cause) -> None:
        """A server refused what it was thought to take."""
        model = call.model
        weaker = asked.without(cause)
        found = self._found.get(model)
        if weaker is None:
            return
        if cause in (Cause.FORMAT, Cause.FORMAT_VALUE) and found is not None and call.response_schema is not None:
            # A probe succeeded, so this may be about this schema alone. The next probe says which it is.
            if len(self._formats) < MOST_SCHEMAS:
                self._formats[model, _digest(call)] = weaker.format
            if not self._is_pausing(model):
                self._later(self.probe(model, is_forced=True))
        elif self._learnt.get(model, BEST) == asked:
            log.warning("model %s refuses %s; asking without it from now on", model, cause)
            self._learnt[model] = weaker
            if found is not None:
                self._found[model] = replace(found, capabilities=weaker)
                self._later(self._memory.save(self._found[model]))

    def saw(self, model: str, dimensions: int) -> None:
        """A model for embeddings gave vectors of this length; so it need not be asked for one."""
        found = self._found.get(model)
        if found is None or found.dimensions != dimensions:
            self._keep(self._finding(model, Probe(dimensions=dimensions)))
            self._later(self._memory.save(self._found[model]))

    async def close(self) -> None:
        """End what is under way."""
        tasks = [*self._probing.values(), *self._saving]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _find(self, model: str, *, is_forced: bool) -> None:
        try:
            loaded = None if is_forced else await self._loaded(model)
            if loaded is not None:
                self._keep(loaded)
                return
            self._probed_at[model] = monotonic()
            ask = probe_embeddings if model in self._embedding_models else probe_chat
            probe = await ask(self._connection, self._served_as[model])
            if probe.problem:
                self.problems[model] = probe.problem
                log.warning("endpoint %s: what %s takes is not known: %s", self.endpoint.name, model, probe.problem)
                return
            self._keep(self._finding(model, probe))
            log.info("endpoint %s: model %s takes %s", self.endpoint.name, model, probe)
            await self._memory.save(self._found[model])
        except Exception:  # what is known is a help; calls are made without it too
            log.exception("endpoint %s: what %s takes could not be found out", self.endpoint.name, model)

    async def _loaded(self, model: str) -> Found | None:
        """What was found before and still holds."""
        loaded = await self._memory.load(self.endpoint.name, model)
        holds = loaded is not None and loaded.is_fresh(self.endpoint.url, datetime.now(UTC), self._lifetime)
        return loaded if holds else None

    def _finding(self, model: str, probe: Probe) -> Found:
        return Found(
            endpoint=self.endpoint.name,
            url=self.endpoint.url,
            model=model,
            capabilities=probe.capabilities,
            dimensions=probe.dimensions,
            found_at=datetime.now(UTC),
            calls=probe.calls,
            prompt_tokens=probe.prompt_tokens,
            completion_tokens=probe.completion_tokens,
        )

    def _keep(self, found: Found) -> None:
        self._found[found.model] = found
        self.problems.pop(found.model, None)
        if found.capabilities is not None:
            self._learnt[found.model] = found.capabilities

    def _is_fresh(self, model: str) -> bool:
        found = self._found.get(model)
        return found is not None and found.is_fresh(self.endpoint.url, datetime.now(UTC), self._lifetime)

    def _is_pausing(self, model: str) -> bool:
        return monotonic() - self._probed_at.get(model, float("-inf")) < PAUSE_S

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._saving.add(task)
        task.add_done_callback(self._saving.discard)


def _digest(call: Call) -> str:
    return sha256(json.dumps(call.response_schema, sort_keys=True).encode()).hexdigest()
