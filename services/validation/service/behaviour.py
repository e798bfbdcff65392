"""Use cases of behaviour: what was recorded is read in one transaction, judged outside of it, and answered; nothing is
kept, since the same request gives the same answer from the ledger of the models service.
"""

import asyncio
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from libs.contracts.comparisons import BehaviourSpec
from libs.contracts.errors import ConflictError, InvalidError, NotFoundError
from libs.contracts.people import Agent
from libs.contracts.protocol import NO_USAGE, Usage, total_usage
from libs.contracts.turns import is_offline
from libs.db import Database
from libs.minds.correction import Judged, rule_scores
from libs.models import Models, check_model, in_time
from services.validation.adapters import Panel
from services.validation.domain.behaviour.conduct import (
    CHECKS,
    WITHOUT_PERSONA,
    Conduct,
    conduct,
    judged_turns,
)
from services.validation.domain.behaviour.interview import Interview
from services.validation.domain.behaviour.report import BehaviourReport, behaviour_report
from services.validation.domain.records import Simulation, Turn
from services.validation.store import Store

RULES = "rules"


class Recorded(NamedTuple):
    """What is judged."""

    simulation: Simulation
    turns: list[Turn]
    people: dict[str, Agent]


class Behaviour:
    """How agents behaved."""

    def __init__(self, database: Database, store: Store, models: Models, panel: Panel, wait_s: float) -> None:
        self._database, self._store, self._models, self._panel = database, store.simulations, models, panel
        self._wait_s = wait_s

    async def report(self, spec: BehaviourSpec, tenant: str) -> BehaviourReport:
        """Read, judge, answer. Raises `InvalidError` for a judge that is not there, `NotFinishedError`."""
        recorded = await self._recorded(spec, tenant)
        is_judged = spec.judge is not None and not is_offline(spec.judge)
        if spec.judge is not None and is_judged:
            await check_model(self._models, spec.judge)
        judged = judged_turns(recorded.turns, recorded.people, recorded.simulation.instruments)
        async with in_time(self._wait_s):
            found, judging = (
                await self._by_model(spec.judge, spec, recorded, judged)
                if spec.judge is not None and is_judged
                else (_by_rules(judged, recorded.people), NO_USAGE)
            )
            interviews, interviewing = await self._interviews(spec, recorded)
        judge = spec.judge if spec.judge is not None and is_judged else RULES
        usage = total_usage([judging, interviewing])
        return await asyncio.to_thread(
            behaviour_report, spec, recorded.simulation, recorded.turns, found, interviews, judged_by=judge, usage=usage
        )

    async def _recorded(self, spec: BehaviourSpec, tenant: str) -> Recorded:
        async with self._database.read(tenant=tenant) as tx:
            simulation = await self._store.simulation(tx, spec.simulation_id)
            if simulation is None:
                raise NotFoundError("simulation", spec.simulation_id)
            turns = await self._store.turns(tx, spec.simulation_id)
            known = {turn.agent_id for turn in turns}
            if strangers := sorted(set(spec.agent_ids) - known):
                raise InvalidError("agent_ids", f"{strangers[0]!r} took no turn in the simulation")
            mine = [turn for turn in turns if not spec.agent_ids or turn.agent_id in spec.agent_ids]
            if not any(turn.is_answered for turn in mine):
                raise ConflictError("Nobody in the simulation has answered yet.")
            people = {}
            if simulation.population_id is not None:
                people = await self._store.people(tx, simulation.population_id, sorted({t.agent_id for t in mine}))
        return Recorded(simulation, mine, people)

    async def _by_model(
        self, model: str, spec: BehaviourSpec, recorded: Recorded, judged: Sequence[tuple[Turn, Judged]]
    ) -> tuple[list[Conduct], Usage]:
        """The last turn of a drawn part of the agents: the same part for the same simulation."""
        last = {turn.agent_id: (turn, one) for turn, one in judged}
        chosen = {agent: last[agent] for agent in _drawn(spec.simulation_id, list(last), spec.sample)}
        questions = {agent: one for agent, (_, one) in chosen.items()}
        told = await self._panel.judge(recorded.simulation.simulation_id, model, questions, CHECKS)
        scored = [(chosen[agent][0], scores) for agent, scores in told.values.items() if isinstance(scores, tuple)]
        return conduct(scored), told.usage

    async def _interviews(self, spec: BehaviourSpec, recorded: Recorded) -> tuple[list[Interview], Usage]:
        if not spec.interviews or spec.judge is None:
            return [], NO_USAGE
        model = recorded.simulation.model
        if model is None or is_offline(model):
            raise InvalidError("interviews", "the simulation was made with the offline model, which replies to nobody")
        people = recorded.people
        if not people:
            raise ConflictError("Nothing is known of the personas of this simulation.")
        chosen = [people[agent] for agent in _drawn(spec.simulation_id, list(people), spec.interviews)]
        models = (spec.judge, model)
        return await self._panel.interview(spec.simulation_id, models, chosen, spec.expectations, spec.rounds)


def _by_rules(judged: Sequence[tuple[Turn, Judged]], people: Mapping[str, Agent]) -> list[Conduct]:
    """Every turn; that somebody is in character is judged only where it is known who they are."""
    return conduct(
        (turn, rule_scores(one, CHECKS if turn.agent_id in people else WITHOUT_PERSONA)) for turn, one in judged
    )


def _drawn(simulation_id: str, agents: Sequence[str], size: int) -> list[str]:
    """Some of the agents, by chance and always the same ones."""
    return sorted(agents, key=lambda agent: sha256(f"{simulation_id}\x1f{agent}".encode()).digest())[:size]
