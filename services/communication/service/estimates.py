"""Estimates: prompts are composed for some people as they will be sent, and measured; no model is called."""

from collections.abc import Sequence

from libs.contracts import ids
from libs.contracts.communication import DeliverStimulus
from libs.contracts.errors import InvalidError
from libs.contracts.estimates import Estimate, TurnsSpec
from libs.contracts.timelines import MAIN
from libs.db import Database
from libs.models import Models, ModelsError, check_mind, refusal_of
from services.communication.adapters import Encounter, Minds
from services.communication.domain import admission
from services.communication.domain.estimates import NO_WORK, Call, Observed, Prompted, estimate
from services.communication.domain.forecasts import Planned, planned
from services.communication.store import Store

LATEST = 1_000
PLACE = "estimate"


class Estimates:
    """What turns will take."""

    def __init__(self, database: Database, store: Store, minds: Minds, models: Models) -> None:
        self._database, self._store, self._models = database, store, models
        self._engines, self._tools = minds.engines, minds.tools

    async def estimate(self, spec: TurnsSpec, tenant: str) -> Estimate:
        """Raises `DomainError` for what would be refused if it were asked for."""
        protocol = planned(spec.protocol, sum(spec.turns.values()), spec.segments, spec.seed)
        await self._check(spec)
        try:
            quote = await self._models.quote(spec.model)
        except ModelsError as error:
            raise refusal_of(error) from error
        observed = await self._observed(spec, tenant)
        prompted = [
            self._prompted(spec, arm, Planned(step, turns, earlier=place, one_by_one=0))
            for place, step in enumerate(spec.steps)
            for arm, turns in spec.turns.items()
            if turns and step.responds is not False and step.is_for(arm)
        ]
        prompted += [
            self._prompted(spec, ids.ONLY_ARM, one) for one in protocol if one.turns and one.step.responds is not False
        ]
        prompted += [
            Prompted(one.count, (Call(one.batch),), is_turn=False)
            for one in spec.questions
            if one.count and one.batch.turns
        ]
        if not prompted and not spec.protocol:
            raise InvalidError("turns", "nobody is in an arm")
        has_turns = bool(spec.steps or spec.protocol)
        return estimate(spec, prompted, quote, observed, self._engines.work(spec.engine) if has_turns else NO_WORK)

    async def _check(self, spec: TurnsSpec) -> None:
        """Model and tools can do all of it. The engine need not be here: what it takes is known."""
        asked = [one for step in spec.steps for one in step.instruments]
        conditions = [step.condition for step in spec.steps]
        for place, request in enumerate(spec.protocol):
            asked += [one for each in admission.instruments_of(request).values() for one in each]
            conditions += admission.conditions_of(request)
            admission.check_tools(request, self._tools, f"protocol.{place}.")
        await check_mind(self._models, spec.model, asked, conditions)

    async def _observed(self, spec: TurnsSpec, tenant: str) -> Sequence[Observed]:
        """Earlier turns of interventions: what else people were asked says nothing about a protocol."""
        if not spec.steps:
            return ()
        async with self._database.read(tenant=tenant) as tx:
            return await self._store.turns.latest_of_model(tx, spec.model, spec.engine, LATEST)

    def _prompted(self, spec: TurnsSpec, arm: str, planned: Planned) -> Prompted:
        step = planned.step
        command = DeliverStimulus(
            simulation_id=PLACE,
            delivery_id=PLACE,
            population_id=PLACE,
            timeline_id=MAIN.timeline_id,
            step_id=step.step_id,
            round=step.round,
            arm=arm,
            stimulus=step.stimuli.get(arm),
            instruments=step.instruments,
            agent_ids=tuple(agent.agent_id for agent in spec.agents),
            seed=spec.seed,
            model=spec.model,
            engine=spec.engine,
            conversation=step.conversation,
            simulated_at=step.simulated_at,
            tools=step.tools,
        )
        turn = (PLACE, MAIN.timeline_id, step.step_id, step.round)
        encounters = [Encounter(str(ids.turn_id(*turn, agent.agent_id)), agent) for agent in spec.agents]
        calls = self._engines.forecast(command, encounters, earlier=planned.earlier)
        is_for_some = step.condition is not None
        return Prompted(planned.turns, calls, is_for_some=is_for_some, one_by_one=planned.one_by_one)
