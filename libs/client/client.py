"""`RehearsalClient`: one method per public endpoint. Answers are the JSON of the API as dictionaries; a refusal raises
`ProblemError` with the fields it names, a platform that is not there `UnreachableError`."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Literal

from libs.client.access import AccessClient
from libs.client.errors import ProblemError, UnreachableError
from libs.client.evidence import EvidenceClient
from libs.client.populations import PopulationsClient
from libs.client.progress import TERMINAL, Progress
from libs.client.sse import ServerEvent, resuming
from libs.client.studies import StudiesClient
from libs.client.transport import QueryValue, as_object, token
from libs.client.webhooks import WebhooksClient
from libs.contracts.base import JsonObject
from libs.contracts.dialogue import BroadcastSpec, ConversationSpec, MessageSpec, RelationsSpec, SequenceSpec
from libs.contracts.experiments import ExecutionSpec, InterventionSpec
from libs.contracts.specs import CheckpointSpec, SimulationSpec
from libs.contracts.turns import Budget
from libs.contracts.usage import UsageBy

ExportFormat = Literal["json", "csv", "jsonl", "records", "xlsx", "parquet", "plots", "pdf", "html"]
ArtefactFormat = Literal["md", "txt", "json", "html", "docx"]


class RehearsalClient(PopulationsClient, StudiesClient, EvidenceClient, AccessClient, WebhooksClient):
    """The client of one platform."""

    # Interventions

    async def create_intervention(self, spec: InterventionSpec | JsonObject) -> JsonObject:
        """Design an intervention; nothing runs yet."""
        return await self._post("/interventions/create", spec)

    async def execute(self, intervention_id: str, spec: ExecutionSpec | JsonObject | None = None) -> JsonObject:
        """Run an intervention; answers `simulation_id`."""
        return await self._post(f"/interventions/{token(intervention_id)}/execute", spec or ExecutionSpec())

    async def intervention_results(self, intervention_id: str, *, simulation_id: str | None = None) -> JsonObject:
        """Aggregate and individual results of the newest simulation, or of the one named."""
        return await self._get(f"/interventions/{token(intervention_id)}/results", {"simulation_id": simulation_id})

    async def individual_responses(
        self,
        intervention_id: str,
        *,
        simulation_id: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> JsonObject:
        """One page of responses."""
        query = {"simulation_id": simulation_id, "limit": limit, "cursor": cursor}
        return await self._get(f"/interventions/{token(intervention_id)}/individual-responses", query)

    # Simulations

    async def create_simulation(self, spec: SimulationSpec | JsonObject) -> JsonObject:
        """An interactive simulation that waits for broadcasts."""
        return await self._post("/simulations/create", spec)

    async def simulations(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        sort: str | None = None,
        state: Sequence[str] = (),
        **filters: str | None,
    ) -> JsonObject:
        """One page of simulations, newest first. Filters: name, population_id, intervention_id, created_after, …"""
        query: dict[str, QueryValue] = {"limit": limit, "cursor": cursor, "sort": sort, **filters}
        return await self._get("/simulations/list", query | ({"state": [*state]} if state else {}))

    async def end_simulations(self, simulation_ids: Sequence[str]) -> JsonObject:
        """End several simulations; says of each what became of it."""
        return await self._post("/simulations/end", {"simulation_ids": [*simulation_ids]})

    async def status(self, simulation_id: str) -> JsonObject:
        """State, progress and usage."""
        return await self._get(f"/simulations/{token(simulation_id)}/status")

    async def steps(self, simulation_id: str) -> JsonObject:
        """The steps of a simulation and where each stands."""
        return await self._get(f"/simulations/{token(simulation_id)}/steps")

    async def end(self, simulation_id: str) -> JsonObject:
        """End a simulation: one that runs is cancelled, an interactive one is completed."""
        return as_object(await self._send("DELETE", f"/simulations/{token(simulation_id)}/end"))

    async def pause(self, simulation_id: str) -> JsonObject:
        """Begin no new turn until the simulation is resumed."""
        return await self._post(f"/simulations/{token(simulation_id)}/pause", {})

    async def resume(self, simulation_id: str) -> JsonObject:
        """Go on with a paused simulation."""
        return await self._post(f"/simulations/{token(simulation_id)}/resume", {})

    async def cancel(self, simulation_id: str) -> JsonObject:
        """Stop a simulation at once and for good."""
        return await self._post(f"/simulations/{token(simulation_id)}/cancel", {})

    async def budget(self, simulation_id: str) -> JsonObject:
        """What a simulation may spend, has spent and has reserved."""
        return await self._get(f"/simulations/{token(simulation_id)}/budget")

    async def set_budget(self, simulation_id: str, changes: Budget | JsonObject) -> JsonObject:
        """Decide anew what a simulation may spend; what is not given stays."""
        body = changes.model_dump(exclude_unset=True) if isinstance(changes, Budget) else changes
        return as_object(await self._send("PATCH", f"/simulations/{token(simulation_id)}/budget", body=body))

    async def usage(
        self,
        by: UsageBy = "simulation",
        *,
        since: str | None = None,
        until: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> JsonObject:
        """One page of what was used, summed, the last first."""
        query = {"by": by, "since": since, "until": until, "limit": limit, "cursor": cursor}
        return await self._get("/usage", query)

    async def simulation_usage(self, simulation_id: str) -> JsonObject:
        """What a simulation used by model, its time, and its estimate against what it took."""
        return await self._get(f"/simulations/{token(simulation_id)}/usage")

    async def checkpoint(self, simulation_id: str, *, name: str | None = None) -> JsonObject:
        """Mark where an interactive simulation stands, to go on from there later."""
        return await self._post(f"/simulations/{token(simulation_id)}/checkpoint", CheckpointSpec(name=name))

    async def checkpoints(
        self, simulation_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> JsonObject:
        """One page of a simulation's checkpoints, newest first."""
        return await self._get(f"/simulations/{token(simulation_id)}/checkpoints", {"limit": limit, "cursor": cursor})

    async def restore(self, simulation_id: str, checkpoint_id: str) -> JsonObject:
        """Go on from a checkpoint on a new timeline; answers the simulation as it stands then."""
        return await self._post(f"/simulations/{token(simulation_id)}/restore/{token(checkpoint_id)}", {})

    async def difference(self, simulation_id: str, checkpoint_id: str, other_id: str) -> JsonObject:
        """What has changed from one checkpoint to another; see also `memory_changes`."""
        path = f"/simulations/{token(simulation_id)}/checkpoints/{token(checkpoint_id)}/diff/{token(other_id)}"
        return await self._get(path)

    # Communication, results

    async def broadcast(self, spec: BroadcastSpec | JsonObject) -> JsonObject:
        """Show a stimulus to all or some segments of an interactive simulation."""
        return await self._post("/communications/broadcast", spec)

    async def engines(self) -> JsonObject:
        """What can run agents' turns on the platform."""
        return await self._get("/communications/engines")

    async def message(self, spec: MessageSpec | JsonObject, *, wait: float = 0.0) -> JsonObject:
        """Say something to one agent; with `wait` the answer has what came back within so many seconds."""
        return await self._post("/communications/direct-message", spec, {"wait": wait or None})

    async def converse(self, spec: ConversationSpec | JsonObject) -> JsonObject:
        """Start a focus group, open talk, or interviews by an agent."""
        return await self._post("/communications/conversation/start", spec)

    async def sequence(self, spec: SequenceSpec | JsonObject) -> JsonObject:
        """Have touchpoints follow each other on the simulated clock."""
        return await self._post("/communications/sequence/execute", spec)

    async def relate(self, simulation_id: str, spec: RelationsSpec | JsonObject) -> JsonObject:
        """Let agents know each other."""
        return await self._post(f"/communications/{token(simulation_id)}/relations", spec)

    async def requests(self, simulation_id: str, *, limit: int | None = None, cursor: str | None = None) -> JsonObject:
        """One page of what was asked for in an interactive simulation."""
        return await self._get(f"/communications/{token(simulation_id)}/requests", {"limit": limit, "cursor": cursor})

    async def interactions(self, simulation_id: str, *, conversation_id: str | None = None) -> JsonObject:
        """Who talks to whom, shares of the talk, topics over rounds."""
        query = {"conversation_id": conversation_id}
        return await self._get(f"/communications/{token(simulation_id)}/interactions", query)

    async def history(
        self, simulation_id: str, *, limit: int | None = None, cursor: str | None = None, **filters: QueryValue
    ) -> JsonObject:
        """One page of what was shown and said; `filters` are those of the endpoint (agent_id, kind, request_id, …)."""
        query = {"limit": limit, "cursor": cursor, **filters}
        return await self._get(f"/communications/{token(simulation_id)}/history", query)

    async def transcript(self, simulation_id: str) -> bytes:
        """The talk of a simulation as Markdown, group by group."""
        return (await self._send("GET", f"/communications/{token(simulation_id)}/transcript")).content

    async def memory_changes(
        self,
        simulation_id: str,
        before: tuple[str, int],
        after: tuple[str, int],
        *,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> JsonObject:
        """One page of what agents remember more, and no more; each mark is a timeline and a place on it."""
        query: dict[str, QueryValue] = {"from_timeline_id": before[0], "from_place": before[1]}
        query |= {"to_timeline_id": after[0], "to_place": after[1], "limit": limit, "cursor": cursor}
        return await self._get(f"/communications/{token(simulation_id)}/changes", query)

    async def artefacts(
        self,
        simulation_id: str,
        *,
        agent_id: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> JsonObject:
        """One page of what agents made with tools."""
        query = {"agent_id": agent_id, "limit": limit, "cursor": cursor}
        return await self._get(f"/communications/{token(simulation_id)}/artefacts", query)

    async def artefact_file(self, simulation_id: str, artefact_id: str, file_format: ArtefactFormat) -> bytes:
        """One artefact as a file."""
        path = f"/communications/{token(simulation_id)}/artefacts/{token(artefact_id)}"
        return (await self._send("GET", path, {"format": file_format})).content

    async def aggregate(self, simulation_id: str) -> JsonObject:
        """Estimates, comparisons and their evidence."""
        return await self._get(f"/results/{token(simulation_id)}/aggregate")

    async def individual(self, simulation_id: str, agent_id: str) -> JsonObject:
        """Everything one agent answered."""
        return await self._get(f"/results/{token(simulation_id)}/individual/{token(agent_id)}")

    async def export(self, simulation_id: str, export_format: ExportFormat) -> bytes:
        """The results as a file, byte for byte as the platform made it."""
        return (await self._send("GET", f"/results/{token(simulation_id)}/export", {"format": export_format})).content

    async def feed(self, simulation_id: str, *, after: str | None = None, limit: int | None = None) -> JsonObject:
        """Responses recorded since a cursor, in their order; go on with the `cursor` of the answer."""
        return await self._get(f"/results/{token(simulation_id)}/feed", {"after": after, "limit": limit})

    async def compare_interventions(
        self,
        *,
        simulations: Sequence[str] = (),
        interventions: Sequence[str] = (),
        baseline: str | None = None,
        metrics: Sequence[str] | None = None,
    ) -> JsonObject:
        """Every arm of finished simulations, or of interventions' newest ones, against one baseline."""
        body: JsonObject = {"simulations": [*simulations], "interventions": [*interventions], "baseline": baseline}
        if metrics is not None:
            body["metrics"] = [*metrics]
        return await self._post("/results/compare-interventions", body)

    # Progress

    async def stream(
        self,
        simulation_id: str,
        *,
        last_event_id: str | None = None,
        follow: bool = False,
        expect_within: float = 0.0,
        give_up_after: float = 60.0,
    ) -> AsyncIterator[ServerEvent]:
        """Every event of a simulation from its first one on (or after `last_event_id`), each once, until it has ended.

        Breaks of the connection are bridged for `give_up_after` seconds. `follow` goes on after the end. A simulation
        that was asked for a moment ago may not be known yet: it is waited for `expect_within` seconds.
        """
        await self._expect(simulation_id, expect_within)
        path = f"/simulations/{token(simulation_id)}/stream"
        params = {"follow": "true"} if follow else {}

        def is_last(event: ServerEvent) -> bool:
            return not follow and event.name == "simulation-state-changed" and event.data.get("state") in TERMINAL

        async for event in resuming(self._http, path, params, last_event_id, is_last, give_up_after):
            yield event

    async def stream_all(
        self, *, last_event_id: str | None = None, give_up_after: float = 60.0
    ) -> AsyncIterator[ServerEvent]:
        """State changes and counts of all simulations from now on, without end."""
        async for event in resuming(self._http, "/stream", {}, last_event_id, lambda _: False, give_up_after):
            yield event

    async def wait(
        self,
        simulation_id: str,
        on_progress: Callable[[Progress], None] | None = None,
        *,
        expect_within: float = 0.0,
    ) -> JsonObject:
        """Wait until a simulation has ended; calls `on_progress` after every event and answers the last status."""
        progress = Progress()
        async for event in self.stream(simulation_id, expect_within=expect_within):
            progress.apply(event)
            if on_progress is not None:
                on_progress(progress)
        return await self.status(simulation_id)

    async def _expect(self, simulation_id: str, seconds: float) -> None:
        deadline = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < deadline:
            try:
                await self.status(simulation_id)
            except ProblemError as error:
                if error.status != 404:
                    raise
                await asyncio.sleep(0.1)
            else:
                return

    # The platform itself

    async def ready(self) -> JsonObject:
        """Readiness of the platform and each service; `ProblemError` while it is not ready."""
        return await self._get("/readyz")

    async def readiness(self) -> JsonObject:
        """The same without an error: `checks` says which part is ready."""
        return as_object(await self._request("GET", "/readyz"))

    async def wait_until_ready(self, seconds: float) -> None:
        """Return once the platform is ready; raises the last reason after `seconds`."""
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            try:
                await self.ready()
            except (UnreachableError, ProblemError):
                if asyncio.get_running_loop().time() >= deadline:
                    raise
                await asyncio.sleep(0.1)
            else:
                return
