"""The endpoints of the tools: what is made of a population or of what was recorded, and texts that a model writes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Literal

from libs.client.transport import Connection, as_body, token
from libs.contracts.base import JsonObject
from libs.contracts.tools import (
    EnrichmentSpec,
    ExtractionSpec,
    NormalizationSpec,
    ReductionSpec,
    StorySpec,
    StyleSpec,
)

PATIENCE_S = 900.0
"""How long an answer may take that a language model writes."""
POLL_S = 0.3


class ToolsClient(Connection):
    """The endpoints of the tools."""

    async def profile(
        self, population_id: str, *, segment: str | None = None, compare_with: str | None = None
    ) -> JsonObject:
        """How the attributes of a population are spread, which go together, and how another population differs."""
        query = {"segment": segment, "compare_with": compare_with}
        return await self._get(f"/agent-populations/{token(population_id)}/profile", query)

    async def profile_page(
        self, population_id: str, *, segment: str | None = None, compare_with: str | None = None
    ) -> bytes:
        """The same as one HTML file."""
        query = {"segment": segment, "compare_with": compare_with}
        return (await self._send("GET", f"/agent-populations/{token(population_id)}/profile.html", query)).content

    async def plot(self, population_id: str, name: str, *, segment: str | None = None) -> bytes:
        """One attribute, or `associations`, as an SVG file."""
        path = f"/agent-populations/{token(population_id)}/plots/{token(name)}.svg"
        return (await self._send("GET", path, {"segment": segment})).content

    async def extract(self, spec: ExtractionSpec | JsonObject) -> JsonObject:
        """Find out fields of every agent; with a model, or many agents, it is still running when this answers."""
        return await self._post("/results/extract", spec)

    async def extractions(
        self, simulation_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> JsonObject:
        """One page of extractions of a simulation, newest first."""
        return await self._get(f"/results/{token(simulation_id)}/extractions", {"limit": limit, "cursor": cursor})

    async def extraction(
        self,
        simulation_id: str,
        extraction_id: str,
        *,
        failed: bool = False,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> JsonObject:
        """How far an extraction is, with one page of what it gave."""
        query = {"failed": "true" if failed else None, "limit": limit, "cursor": cursor}
        return await self._get(_extraction(simulation_id, extraction_id), query)

    async def wait_for_extraction(
        self, simulation_id: str, extraction_id: str, on_progress: Callable[[JsonObject], None] | None = None
    ) -> JsonObject:
        """Wait until every agent's fields were got; calls `on_progress` after every look."""
        while True:
            extraction = await self.extraction(simulation_id, extraction_id, limit=1)
            if on_progress is not None:
                on_progress(extraction)
            if extraction["state"] != "running":
                return extraction
            await asyncio.sleep(POLL_S)

    async def extraction_summary(self, simulation_id: str, extraction_id: str) -> JsonObject:
        """Every field over all agents."""
        return await self._get(f"{_extraction(simulation_id, extraction_id)}/summary")

    async def export_extraction(
        self, simulation_id: str, extraction_id: str, export_format: Literal["csv", "json"] = "csv"
    ) -> AsyncIterator[bytes]:
        """What was got as a file, in pieces: CSV, or one JSON object a line."""
        path = f"{_extraction(simulation_id, extraction_id)}/export"
        async for piece in self._download("GET", path, {"format": export_format}):
            yield piece

    async def reduce(self, spec: ReductionSpec | JsonObject) -> AsyncIterator[bytes]:
        """Events of a simulation as rows, in the format of the request, in pieces."""
        async for piece in self._download("POST", "/results/reduce", body=as_body(spec)):
            yield piece

    async def normalize(self, spec: NormalizationSpec | JsonObject) -> JsonObject:
        """Sort free texts into few labels."""
        return await self._post("/results/normalize", spec, patience_s=PATIENCE_S)

    async def enrich(self, spec: EnrichmentSpec | JsonObject) -> JsonObject:
        """Have a model make a text richer."""
        return await self._post("/communications/enrich", spec, patience_s=PATIENCE_S)

    async def style(self, spec: StyleSpec | JsonObject) -> JsonObject:
        """Have a model write a text in another style."""
        return await self._post("/communications/style", spec, patience_s=PATIENCE_S)

    async def tell_story(self, simulation_id: str, spec: StorySpec | JsonObject) -> JsonObject:
        """Begin a story of a simulation, or go on with one."""
        return await self._post(f"/communications/{token(simulation_id)}/story", spec, patience_s=PATIENCE_S)

    async def stories(self, simulation_id: str, *, limit: int | None = None, cursor: str | None = None) -> JsonObject:
        """One page of stories of a simulation, newest first."""
        return await self._get(f"/communications/{token(simulation_id)}/stories", {"limit": limit, "cursor": cursor})

    async def story(self, simulation_id: str, story_id: str) -> JsonObject:
        """A story from its beginning."""
        return await self._get(f"/communications/{token(simulation_id)}/stories/{token(story_id)}")


def _extraction(simulation_id: str, extraction_id: str) -> str:
    return f"/results/{token(simulation_id)}/extractions/{token(extraction_id)}"
