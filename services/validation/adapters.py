"""Language models as judges and interviewers, by the models service. What they cost is counted by its ledger."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from libs.contracts.base import JsonObject
from libs.contracts.people import Agent
from libs.contracts.protocol import NO_USAGE, Usage, total_usage
from libs.contracts.turns import ChatMessage, TurnBatch, TurnRequest
from libs.minds.correction import Judged, Score, judge_messages, judge_schema, read_scores
from libs.models import Models, ModelsError, ask, refusal_of
from services.validation.domain.behaviour.interview import (
    INTERVIEWER,
    PERSON,
    Asked,
    Exchange,
    Interview,
    interviewer_messages,
    interviewer_schema,
    person_messages,
    person_schema,
    read_interviewer,
    read_person,
)

T = TypeVar("T")
Messages = tuple[ChatMessage, ...]
TOKENS = 2_000


class Told(NamedTuple):
    """What a model said in answer to each question, or why it did not; and what that cost."""

    values: dict[str, object]
    failures: dict[str, str]
    usage: Usage


class Panel(Protocol):
    """Judges turns and interviews agents."""

    async def judge(self, simulation_id: str, model: str, judged: Mapping[str, Judged], checks: Sequence[str]) -> Told:
        """The scores of each turn, by its id."""

    async def interview(
        self, simulation_id: str, models: tuple[str, str], people: Sequence[Agent], expectations: str, rounds: int
    ) -> tuple[list[Interview], Usage]:
        """Interview these people; `models` are that of the interviewer and that of the people."""


class ModelsPanel:
    """A panel of language models. The same question again is answered by the ledger, at no cost."""

    def __init__(self, models: Models) -> None:
        self._models = models

    async def judge(self, simulation_id: str, model: str, judged: Mapping[str, Judged], checks: Sequence[str]) -> Told:
        """The scores of each turn, by its id. Turns of one step share their rules, so steps are asked one by one."""
        shared: dict[Messages, dict[str, Messages]] = {}
        for turn_id, one in judged.items():
            rules, own = judge_messages(one, checks)
            shared.setdefault(rules, {})[turn_id] = own
        values: dict[str, object] = {}
        failures: dict[str, str] = {}
        used = [NO_USAGE]
        for rules, questions in shared.items():
            place = _Place(simulation_id, model, "judge", 1)

            def read(content: str) -> tuple[Score, ...]:
                return read_scores(content, checks)

            told = await self._ask(place, judge_schema(checks), rules, questions, read)
            values |= told.values
            failures |= told.failures
            used.append(told.usage)
        return Told(values, failures, total_usage(used))

    async def interview(
        self, simulation_id: str, models: tuple[str, str], people: Sequence[Agent], expectations: str, rounds: int
    ) -> tuple[list[Interview], Usage]:
        """All interviews side by side, round by round, until each has its score."""
        open_ = {agent.agent_id: agent for agent in people}
        records: dict[str, list[Exchange]] = {agent_id: [] for agent_id in open_}
        ended: dict[str, Interview] = {}
        used = [NO_USAGE]
        for number in range(1, rounds + 2):
            left = rounds + 1 - number
            questions = {
                agent_id: interviewer_messages(agent, expectations, records[agent_id], left)
                for agent_id, agent in open_.items()
            }
            place = _Place(simulation_id, models[0], "interviewer", number)
            told = await self._ask(place, interviewer_schema(), _system(INTERVIEWER), questions, read_interviewer)
            used.append(told.usage)
            asked = {key: value for key, value in told.values.items() if isinstance(value, Asked)}
            for agent_id in list(open_):
                if (end := _end(agent_id, asked, told.failures, records[agent_id], left)) is not None:
                    ended[agent_id] = end
                    del open_[agent_id]
            if not open_:
                break
            used.append(await self._replies(simulation_id, models[1], number, open_, records, asked))
        return [ended[agent.agent_id] for agent in people], total_usage(used)

    async def _replies(
        self,
        simulation_id: str,
        model: str,
        number: int,
        open_: Mapping[str, Agent],
        records: Mapping[str, list[Exchange]],
        asked: Mapping[str, Asked],
    ) -> Usage:
        """What everybody replies; who does not is recorded as saying nothing."""
        messages = {
            agent_id: person_messages(agent, records[agent_id], asked[agent_id].questions)
            for agent_id, agent in open_.items()
        }
        place = _Place(simulation_id, model, "interviewed", number)
        told = await self._ask(place, person_schema(), _system(PERSON), messages, read_person)
        for agent_id in open_:
            reply = str(told.values.get(agent_id, ""))
            records[agent_id].append(Exchange(questions=asked[agent_id].questions, reply=reply))
        return told.usage

    async def _ask(
        self,
        place: "_Place",
        schema: JsonObject,
        shared: Messages,
        questions: Mapping[str, Messages],
        read: Callable[[str], T],
    ) -> Told:
        """Every question once. Raises the refusal that whoever waits is told when no model answers."""
        batch = TurnBatch(
            simulation_id=place.simulation_id,
            model=place.model,
            timeline_id="validation",
            step_id=place.step,
            round=place.round,
            seed=0,
            temperature=0.0 if place.step != "interviewed" else 1.0,
            max_completion_tokens=TOKENS,
            response_schema=schema,
            shared=shared,
            turns=tuple(TurnRequest(turn_id=key, agent_id=key, messages=own) for key, own in questions.items()),
        )
        values: dict[str, object] = {}
        failures: dict[str, str] = {}
        used = [NO_USAGE]
        try:
            async for answer in ask(self._models, batch, read):
                used.append(answer.usage)
                if answer.value is None:
                    failures[answer.turn_id] = answer.failure or "the model gave no reason"
                else:
                    values[answer.turn_id] = answer.value
        except ModelsError as error:
            raise refusal_of(error) from error
        return Told(values, failures, total_usage(used))


class _Place(NamedTuple):
    """Where a question stands: part of the ledger's key."""

    simulation_id: str
    model: str
    step: str
    round: int


def _system(text: str) -> Messages:
    return (ChatMessage(role="system", content=text),)


def _end(
    agent_id: str, asked: Mapping[str, Asked], failures: Mapping[str, str], record: Sequence[Exchange], left: int
) -> Interview | None:
    """The end of an interview: its score, a failure, or no round left; None while it goes on."""
    said = asked.get(agent_id)
    if said is not None and said.score is None and left > 0:
        return None
    failure = failures.get(agent_id) if said is None else None
    if said is not None and said.score is None:
        failure = "the interviewer gave no score when no round was left"
    return Interview(
        agent_id=agent_id,
        score=said.score if said else None,
        justification=said.justification if said else "",
        exchanges=list(record),
        failure=failure,
    )
