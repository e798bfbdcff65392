"""The part of the client that is about populations and their people."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Literal

from libs.client.tools import PATIENCE_S, POLL_S, ToolsClient
from libs.client.transport import QueryValue, as_object, token
from libs.contracts.base import JsonObject
from libs.contracts.specs import ApplyFragmentsSpec, CompareSpec, FragmentSpec, ImportSpec, PopulationSpec


class PopulationsClient(ToolsClient):
    """Populations: drawn, imported, found, changed, compared, put away."""

    async def create_population(self, spec: PopulationSpec | JsonObject) -> JsonObject:
        """Draw a population; one that is large, or that a model helps with, is still being drawn when this answers."""
        return await self._post("/agent-populations/create", spec, patience_s=PATIENCE_S)

    async def bulk_generate(self, spec: PopulationSpec | JsonObject) -> JsonObject:
        """Draw a population as a job; nobody is there when this answers."""
        return await self._post("/agent-populations/bulk-generate", spec, patience_s=PATIENCE_S)

    async def job(self, population_id: str) -> JsonObject:
        """How far drawing a population is."""
        return await self._get(f"/agent-populations/{token(population_id)}/job")

    async def wait_for_job(
        self, population_id: str, on_progress: Callable[[JsonObject], None] | None = None
    ) -> JsonObject:
        """Wait until nobody more is drawn; calls `on_progress` after every look and answers the job."""
        while True:
            job = await self.job(population_id)
            if on_progress is not None:
                on_progress(job)
            if job["state"] not in {"queued", "running"}:
                return job
            await asyncio.sleep(POLL_S)

    async def cancel_job(self, population_id: str) -> JsonObject:
        """Draw nobody more."""
        return await self._post(f"/agent-populations/{token(population_id)}/job/cancel", {})

    async def populations(
        self, *, archived: bool = False, limit: int | None = None, cursor: str | None = None
    ) -> JsonObject:
        """One page of populations, newest first: those that were put away, or the others."""
        query = {"archived": "true" if archived else None, "limit": limit, "cursor": cursor}
        return await self._get("/agent-populations/list", query)

    async def archive_population(self, population_id: str) -> JsonObject:
        """Put a population away."""
        return await self._post(f"/agent-populations/{token(population_id)}/archive", {})

    async def restore_population(self, population_id: str) -> JsonObject:
        """Take a population out of the archive."""
        return await self._post(f"/agent-populations/{token(population_id)}/restore", {})

    async def delete_population(self, population_id: str) -> None:
        """Delete a population and its people."""
        await self._send("DELETE", f"/agent-populations/{token(population_id)}")

    async def population_simulations(
        self, population_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> JsonObject:
        """One page of the simulations of a population, newest first."""
        query = {"limit": limit, "cursor": cursor}
        return await self._get(f"/agent-populations/{token(population_id)}/simulations", query)

    async def compare_populations(self, first: str, second: str) -> JsonObject:
        """How two populations differ, attribute by attribute."""
        return await self._post("/agent-populations/compare", CompareSpec(population_ids=[first, second]))

    async def margins(self, population_id: str) -> JsonObject:
        """How far the people of a population are from every margin, with sources, weights and eligibility."""
        return await self._get(f"/agent-populations/{token(population_id)}/margins")

    async def fragments(self) -> JsonObject:
        """Every fragment: those that come with the platform, and your own."""
        return await self._get("/agent-populations/fragments")

    async def fragment(self, name: str) -> JsonObject:
        """One fragment."""
        return await self._get(f"/agent-populations/fragments/{token(name)}")

    async def create_fragment(self, spec: FragmentSpec | JsonObject) -> JsonObject:
        """Add a fragment of your own."""
        return await self._post("/agent-populations/fragments", spec)

    async def delete_fragment(self, name: str) -> None:
        """Take a fragment of your own away."""
        await self._send("DELETE", f"/agent-populations/fragments/{token(name)}")

    async def population(self, population_id: str) -> JsonObject:
        """A population and whether its people are all drawn."""
        return await self._get(f"/agent-populations/{token(population_id)}")

    async def segments(self, population_id: str) -> JsonObject:
        """Segments of a population with their sizes."""
        return await self._get(f"/agent-populations/{token(population_id)}/segments")

    async def individuals(
        self,
        population_id: str,
        *,
        segment: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        attributes: Mapping[str, Sequence[str]] | None = None,
        **filters: QueryValue,
    ) -> JsonObject:
        """One page of people; `attributes` are values by demographic attribute, `filters` and order those of the
        endpoint (age_min, age_max, name, fragment, sort, order)."""
        query = {"segment": segment, "limit": limit, "cursor": cursor, **filters, **(attributes or {})}
        return await self._get(f"/agent-populations/{token(population_id)}/individuals", query)

    async def individual_of(self, population_id: str, agent_id: str) -> JsonObject:
        """One person: who they are, where they come from, and what was done to them."""
        return await self._get(f"/agent-populations/{token(population_id)}/individuals/{token(agent_id)}")

    async def edit_individual(
        self,
        population_id: str,
        agent_id: str,
        patch: JsonObject,
        *,
        author: str | None = None,
        note: str | None = None,
    ) -> JsonObject:
        """Edit one person by a JSON merge patch of `persona` and `traits`; answers the person as they are then."""
        path = f"/agent-populations/{token(population_id)}/individuals/{token(agent_id)}"
        return as_object(await self._send("PATCH", path, {"author": author, "note": note}, patch))

    async def plan(self, population_id: str) -> JsonObject:
        """What a model planned for a population with a factory."""
        return await self._get(f"/agent-populations/{token(population_id)}/plan")

    async def import_people(self, spec: ImportSpec | JsonObject) -> JsonObject:
        """A population of people from `.agent.json` documents."""
        return await self._post("/agent-populations/import", spec)

    async def import_file(self, name: str, file_format: str, content: bytes) -> JsonObject:
        """A population of the people in a csv, jsonl or parquet file."""
        return await self._upload(f"/agent-populations/import/{token(file_format)}", {"name": name}, content)

    async def export_file(self, population_id: str, file_format: str) -> AsyncIterator[bytes]:
        """Everybody as a file of this format, in pieces."""
        path = f"/agent-populations/{token(population_id)}/export"
        async for piece in self._download("GET", path, {"format": file_format}):
            yield piece

    async def export_people(self, population_id: str) -> AsyncIterator[str]:
        """Everybody's `.agent.json` document, one line each, as they arrive."""
        path = f"/agent-populations/{token(population_id)}/export"
        rest = b""
        async for piece in self._download("GET", path, {"format": "agent_json"}):
            *lines, rest = (rest + piece).split(b"\n")  # JSON may hold other ends of lines unescaped
            for line in lines:
                yield line.decode()
        if rest:
            yield rest.decode()

    async def agent_file(self, population_id: str, agent_id: str) -> bytes:
        """One person's `.agent.json` file."""
        path = f"/agent-populations/{token(population_id)}/individuals/{token(agent_id)}/agent.json"
        return (await self._send("GET", path)).content

    async def apply_fragments(self, population_id: str, spec: ApplyFragmentsSpec | JsonObject) -> JsonObject:
        """Merge fragments into people; answers the new version, which in a large population is still being applied."""
        return await self._post(f"/agent-populations/{token(population_id)}/apply-fragments", spec)

    async def versions(self, population_id: str, *, limit: int | None = None, cursor: str | None = None) -> JsonObject:
        """One page of what was applied to a population, newest first."""
        query = {"limit": limit, "cursor": cursor}
        return await self._get(f"/agent-populations/{token(population_id)}/versions", query)

    async def changes(
        self,
        population_id: str,
        version: int,
        *,
        outcome: Literal["conflict"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> JsonObject:
        """One page of what a version did to each person, before and after."""
        query = {"outcome": outcome, "limit": limit, "cursor": cursor}
        return await self._get(f"/agent-populations/{token(population_id)}/versions/{version}/changes", query)

    async def preview_population(self, spec: PopulationSpec | JsonObject, *, people: int | None = None) -> JsonObject:
        """Some of the people that a specification draws, and how it is understood; nothing is kept."""
        return await self._post("/agent-populations/preview", spec, {"people": people})
