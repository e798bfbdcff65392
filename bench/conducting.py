"""A study from its people to its analysis, through the functions that the services call, without what lies between.

No bus and no database, so that a thousand studies take minutes: people are those that the population service draws,
dealt, asked, answered for by the offline model, read and analysed as on the platform. Who hears whom is said, not
lived.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from libs.contracts import ids
from libs.contracts.communication import DeliverStimulus, ResponsesRecorded
from libs.contracts.evidence import Analysis
from libs.contracts.experiments import InterventionSpec
from libs.contracts.people import Agent
from libs.contracts.protocol import NO_USAGE, Plan, Step
from libs.contracts.specs import PopulationSpec
from libs.contracts.timelines import MAIN, Timeline
from libs.contracts.turns import TurnReply
from libs.minds.blocks import read_blocks
from libs.minds.prompt import own_messages
from libs.minds.tools import Tools
from libs.models import ModelsClient
from services.communication.adapters.engine import Encounter
from services.communication.adapters.native import NativeEngine
from services.communication.domain.turns import TurnRecord, finish, in_messages, response_of
from services.intervention.domain.assigned import assigned
from services.intervention.domain.assignment import Person, drawn
from services.intervention.domain.design import Design, design, protocol
from services.intervention.domain.plan import plan_hash
from services.models.adapters.offline import Offline
from services.models.domain.calls import calls_of
from services.models.domain.offline import NAME, SNAPSHOT
from services.models.domain.offline.truth import true_means
from services.models.domain.scheduling.shares import Share
from services.orchestrator.domain.deliveries import divided
from services.population.domain.library import load_library
from services.population.domain.people import Design as Drawing
from services.results.domain.analysis import analyse
from services.results.domain.records import Study, Turn, turns_of
from services.results.domain.replies import Replies

AT = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
SIMULATION, POPULATION, INTERVENTION = "sim_bench", "pop_bench", "int_bench"
Means = dict[tuple[str, str | None], float]
"""True means of everybody by metric and option; who is not reached by a funnel says no."""
Grouping = Callable[[Sequence[Agent]], dict[str, str]]
"""Cluster by agent of those of one arm who heard each other."""


@dataclass(frozen=True)
class Conducted:
    """A study that has been made."""

    study: Study
    turns: tuple[Turn, ...]

    @property
    def plan(self) -> Plan:
        """What was frozen before the first exposure."""
        assert self.study.plan is not None
        return self.study.plan

    @cached_property
    def analysis(self) -> Analysis:
        """As it is served."""
        return analyse(self.study, Replies.of(self.study.instruments, self.turns))


class Pool:
    """People drawn once, from whom every study draws its own."""

    def __init__(self, spec: PopulationSpec, seed: int) -> None:
        people = Drawing(spec, seed, load_library()).people(1, spec.size)
        self.agents: dict[str, Agent] = {agent.agent_id: agent for agent in people}
        self.people = [Person(agent.agent_id, agent.segment, agent.demographic_profile) for agent in people]

    def designed(self, spec: InterventionSpec) -> Design:
        """The design of a request."""
        return design(spec, INTERVENTION, 0, AT)

    def truth(self, of: Design) -> dict[str, Means]:
        """What is true of the whole pool, by arm, at the first contact."""
        personas = [read_blocks(own_messages(agent, orders={})).get("persona") for agent in self.agents.values()]
        return {
            arm.name: {
                key: mean for key, (mean, _) in true_means(personas, arm.stimulus.model_dump(), of.instruments).items()
            }
            for arm in of.arms
        }

    async def conduct(self, of: Design, seed: int, heard: Grouping | None = None) -> Conducted:
        """Draw, deal, ask and read."""
        assignments, plan = assigned(of, drawn(self.people, of.sample_size, seed), seed, AT)
        arms = {arm.name: [one.agent_id for one in assignments if one.arm == arm.name] for arm in plan.arms}
        lines = MAIN.fork_arms(tuple(arms), place=0) if plan.design == "within" else dict.fromkeys(arms, MAIN)
        turns: list[Turn] = []
        for place, step in enumerate(protocol(of), start=1):
            for arm in (arm for arm in arms if step.is_for(arm)):
                agents = [self.agents[agent_id] for agent_id in arms[arm]]
                clusters = {} if heard is None else heard(agents)
                for groups in divided({one.agent_id: (one.agent_id,) for one in agents}, together=False):
                    command = _delivery(of, step, place, arm, lines[arm], tuple(groups), seed)
                    turns += await self._delivered(command, clusters)
        study = Study(
            simulation_id=SIMULATION,
            name=of.name,
            population_id=POPULATION,
            intervention_id=of.id,
            seed=seed,
            model=NAME,
            created_at=AT,
            plan=plan,
            plan_hash=plan_hash(plan),
            instruments=plan.instruments,
            planned=dict(plan.planned_n),
        )
        return Conducted(study, tuple(turns))

    async def _delivered(self, command: DeliverStimulus, clusters: dict[str, str]) -> list[Turn]:
        """The turns of one delivery: prompts, replies, what is read of them, and what is told of it."""
        encounters = [
            Encounter(str(ids.turn_id(SIMULATION, command.timeline_id, command.step_id, command.round, one)), agent)
            for one in command.agent_ids
            for agent in (self.agents[one],)
        ]
        [forecast] = ENGINE.forecast(command, encounters, earlier=0)
        calls = calls_of(forecast.batch, SNAPSHOT)
        outcomes = {one.key: one async for one in MODEL.run(calls, Share(SIMULATION), lambda _: True)}
        records = []
        for encounter, call in zip(encounters, calls, strict=True):
            outcome, agent = outcomes[call.key], encounter.agent
            reply = TurnReply(
                turn_id=encounter.turn_id,
                status="answered",
                content=outcome.content,
                failure=None,
                usage=NO_USAGE,
                model=outcome.model,
            )
            cluster = clusters.get(agent.agent_id, agent.agent_id)
            records.append(TurnRecord(finish(reply, agent, command, AT), command.round, cluster))
        told = command.model_dump(include=set(ResponsesRecorded.model_fields))
        return [
            turn
            for responses in in_messages(map(response_of, records))
            for _, turn in turns_of(ResponsesRecorded(**told, responses=responses))
        ]


def _delivery(
    of: Design, step: Step, place: int, arm: str, line: Timeline, agent_ids: tuple[str, ...], seed: int
) -> DeliverStimulus:
    return DeliverStimulus(
        simulation_id=SIMULATION,
        delivery_id=f"{step.step_id}/{arm}/{agent_ids[0]}",
        population_id=POPULATION,
        timeline_id=line.timeline_id,
        step_id=step.step_id,
        round=step.round,
        arm=arm,
        stimulus=step.stimuli.get(arm),
        instruments=step.instruments,
        agent_ids=agent_ids,
        seed=seed,
        model=NAME,
        place=place,
        simulated_at=step.simulated_at,
        responds=step.responds,
        timeline=line,
    )


ENGINE = NativeEngine(ModelsClient("local://nowhere", silence_s=1), Tools())
MODEL = Offline()
