"""The endpoints of validation: comparisons with people, baselines, the ledger, hybrid studies, behaviour."""

from typing import Literal

from libs.client.transport import Connection, token
from libs.contracts.base import JsonObject
from libs.contracts.comparisons import BaselineSpec, BehaviourSpec, ComparisonSpec, HumanAnswersSpec, LedgerImport

PATIENCE_S = 900.0
"""How long an answer may take that language models judge."""
Plot = Literal["bias", "effects", "coverage"]


class EvidenceClient(Connection):
    """The endpoints of validation."""

    async def validation_metrics(self, simulation_id: str) -> JsonObject:
        """Quality metrics of a simulation."""
        return await self._get(f"/validation/{token(simulation_id)}/metrics")

    async def agent_behaviour(self, spec: BehaviourSpec | JsonObject) -> JsonObject:
        """How the agents of a simulation behaved."""
        return await self._post("/validation/agent-behavior", spec, patience_s=PATIENCE_S)

    async def compare_empirically(self, spec: ComparisonSpec | JsonObject) -> JsonObject:
        """Hold simulated answers against those of people; the comparison is kept."""
        return await self._post("/validation/empirical-compare", spec)

    async def comparisons(self, *, limit: int | None = None, cursor: str | None = None) -> JsonObject:
        """One page of comparisons, newest first."""
        return await self._get("/validation/comparisons", {"limit": limit, "cursor": cursor})

    async def comparison(self, comparison_id: str) -> JsonObject:
        """A comparison, as it was answered."""
        return await self._get(f"/validation/comparisons/{token(comparison_id)}")

    async def add_baseline(self, spec: BaselineSpec | JsonObject) -> JsonObject:
        """Keep past results of people."""
        return await self._post("/validation/historical-baseline", spec)

    async def baselines(self, *, limit: int | None = None, cursor: str | None = None) -> JsonObject:
        """One page of baselines, newest first."""
        return await self._get("/validation/historical-baseline", {"limit": limit, "cursor": cursor})

    async def baseline(self, baseline_id: str) -> JsonObject:
        """A baseline, without the answers of its people."""
        return await self._get(f"/validation/historical-baseline/{token(baseline_id)}")

    async def remove_baseline(self, baseline_id: str) -> None:
        """Forget a baseline and its answers."""
        await self._send("DELETE", f"/validation/historical-baseline/{token(baseline_id)}")

    async def ledger(
        self, *, simulator: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> JsonObject:
        """One page of outcomes of past comparisons."""
        return await self._get("/validation/ledger", {"simulator": simulator, "limit": limit, "cursor": cursor})

    async def import_ledger(self, spec: LedgerImport | JsonObject) -> JsonObject:
        """Add past comparisons of your own."""
        return await self._post("/validation/ledger", spec)

    async def calibration(self, *, simulator: str | None = None) -> JsonObject:
        """What past comparisons teach about each simulator."""
        return await self._get("/validation/calibration", {"simulator": simulator})

    async def calibration_page(self, *, simulator: str | None = None) -> bytes:
        """The same as one HTML file."""
        return (await self._send("GET", "/validation/calibration.html", {"simulator": simulator})).content

    async def calibration_plot(self, name: Plot, *, simulator: str | None = None) -> bytes:
        """One plot of it as an SVG file."""
        return (await self._send("GET", f"/validation/calibration/{token(name)}.svg", {"simulator": simulator})).content

    async def add_human_answers(self, simulation_id: str, spec: HumanAnswersSpec | JsonObject) -> JsonObject:
        """Add answers of people to a finished simulation; answers its rectified estimates."""
        return await self._post(f"/validation/{token(simulation_id)}/human-answers", spec)

    async def human_answers(self, simulation_id: str) -> JsonObject:
        """The rectified estimates of a simulation."""
        return await self._get(f"/validation/{token(simulation_id)}/human-answers")
