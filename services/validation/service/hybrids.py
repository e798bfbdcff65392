"""Use cases of hybrid studies: answers of people to a finished simulation, and what they make of its estimates."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from libs.contracts.comparisons import HumanAnswer, HumanAnswersSpec
from libs.contracts.errors import ConflictError, InvalidError, NotFoundError
from libs.contracts.ids import ONLY_ARM
from libs.contracts.instruments import Answer, Instrument
from libs.contracts.validation import SimulationRectified
from libs.db import Transaction
from services.validation.domain.comparison.reading import read_answer
from services.validation.domain.given import last_answers, who_talked
from services.validation.domain.people import Agent, Person
from services.validation.domain.records import Simulation, Turn
from services.validation.domain.uploads import named_twice, people_in
from services.validation.events import Events
from services.validation.service.ledger import Ledger
from services.validation.store import Store

MOST_SHOWN = 20


class Upload(NamedTuple):
    """What an upload made of the estimates, and of whom it was."""

    rectified: SimulationRectified
    added: int
    already_there: int


class Hybrids:
    """People and agents together."""

    def __init__(self, store: Store, events: Events, ledger: Ledger) -> None:
        self._store, self._events, self._ledger = store, events, ledger

    async def add(self, tx: Transaction, simulation_id: str, spec: HumanAnswersSpec) -> Upload:
        """Add people, rectify every estimate, tell the others. Who is there already stays as they answered first."""
        from services.validation.domain.hybrid import caveats_of, entries_of_arms, rectify

        simulation = await self._simulation(tx, simulation_id)
        turns = await self._store.simulations.turns(tx, simulation_id)
        arms = sorted({turn.arm for turn in turns})
        given = spec.answers if spec.answers is not None else people_in(spec.csv or "")
        _check(simulation, arms, given)
        now = datetime.now(UTC)
        new = await self._store.hybrids.add_people(tx, simulation_id, given, now)
        last = await self._store.hybrids.last(tx, simulation_id)
        if last is not None and not new:
            return Upload(last, 0, len(given))
        everybody = await self._store.hybrids.people(tx, simulation_id)
        people = [_person(one, arms, simulation.instruments) for one in everybody]
        agents = _agents(simulation, turns)
        rectified = await self._events.rectified(
            tx,
            simulation_id,
            last.revision + 1 if last else 1,
            len(people),
            spec.source,
            rectify(simulation.instruments, people, agents, simulation.baseline_arm),
            caveats_of(people, agents),
        )
        await self._store.hybrids.add(tx, rectified)
        study = simulation.name or simulation_id
        entries = entries_of_arms(simulation, people, agents, study=study, source=spec.source, now=now)
        await self._ledger.add(tx, entries)
        return Upload(rectified, new, len(given) - new)

    async def get(self, tx: Transaction, simulation_id: str) -> SimulationRectified:
        """The estimates after the last upload."""
        await self._simulation(tx, simulation_id)
        found = await self._store.hybrids.last(tx, simulation_id)
        if found is None:
            raise NotFoundError("answer of people to simulation", simulation_id)
        return found

    async def _simulation(self, tx: Transaction, simulation_id: str) -> Simulation:
        simulation = await self._store.simulations.simulation(tx, simulation_id)
        if simulation is None:
            raise NotFoundError("simulation", simulation_id)
        return simulation


def _check(simulation: Simulation, arms: Sequence[str], answers: Sequence[HumanAnswer]) -> None:
    """Only a finished simulation; only its metrics and arms; only answers as they were asked."""
    if simulation.state is None or not simulation.state.is_terminal:
        raise ConflictError("The simulation has not ended: its answers may still change.")
    if twice := named_twice(answers):
        field, person_id = f"answers.{twice[1]}.person_id", answers[twice[1]].person_id
        raise InvalidError(field, f"{person_id!r} is answers.{twice[0]} already; a person answers once")
    asked = {instrument.name: instrument for instrument in simulation.instruments}
    for place, person in enumerate(answers):
        field = f"answers.{place}"
        if person.arm is None and len(arms) > 1:
            raise InvalidError(f"{field}.arm", "is needed, since the simulation has several", tuple(arms))
        if person.arm is not None and person.arm not in arms:
            raise InvalidError(f"{field}.arm", f"{person.arm!r} is no arm of the simulation", tuple(arms))
        for metric, value in person.answers.items():
            if metric not in asked:
                raise InvalidError(f"{field}.answers", f"{metric!r} was not asked", tuple(asked))
            if value is not None and read_answer(asked[metric], value) is None:
                raise InvalidError(f"{field}.answers.{metric}", f"{value!r} is no answer", _allowed(asked[metric]))


def _allowed(instrument: Instrument) -> tuple[str, ...]:
    if instrument.options:
        return instrument.options[:MOST_SHOWN]
    if instrument.minimum is not None:
        return (f"a number from {instrument.minimum:g} to {instrument.maximum:g}",)
    return ("true", "false")


def _person(given: HumanAnswer, arms: Sequence[str], instruments: Sequence[Instrument]) -> Person:
    asked = {instrument.name: instrument for instrument in instruments}
    answers = {name: read_answer(asked[name], value) for name, value in given.answers.items() if name in asked}
    arm = given.arm or (arms[0] if arms else ONLY_ARM)
    return Person(given.person_id, arm, given.agent_id, given.segment, answers)


def _agents(simulation: Simulation, turns: Sequence[Turn]) -> list[Agent]:
    """Every agent in every arm with the last answer to each metric."""
    found: dict[tuple[str, str], dict[str, Answer]] = {}
    segments = {turn.agent_id: turn.segment for turn in turns}
    for instrument in simulation.instruments:
        for turn in last_answers(simulation, turns, instrument.name):
            found.setdefault((turn.agent_id, turn.arm), {})[instrument.name] = turn.answers[instrument.name]
    talked = who_talked(turns)
    return [
        Agent(agent, arm, segments[agent], answers, talked.get(agent))
        for (agent, arm), answers in sorted(found.items())
    ]
