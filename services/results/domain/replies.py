"""What the analysis needs of all turns of a simulation, kept small: some 300 bytes each, however much was said.

Turns are taken in a few at a time, those of an agent together and agents in their order, and not kept: of each there is
a `Reply`, and what many have in common is there once. Texts are left where they are. Which turns have one is known;
those that are to be coded are read again by whoever needs them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from libs.contracts.chosen import NOBODY, Chosen
from libs.contracts.clusters import OWN
from libs.contracts.compact import Once, Repeated
from libs.contracts.instruments import Answer, Instrument, MetricType
from libs.contracts.protocol import NO_USAGE, total_usage
from services.results.domain.engagement import engagement
from services.results.domain.records import Turn, in_order

RESPONSE = "response"
A_TEXT = "text"
"""Stands for a text that was given as an answer."""
Attribute = str | int | float


@dataclass(frozen=True, slots=True)
class Reply:
    """A finished turn as the analysis sees it."""

    own: str
    """The unit of the agent while it is alone: `agent:` and its id."""
    cluster_id: str | None
    segment: str | None
    arm: str
    step_id: str
    round: int
    step_place: int
    is_answered: bool
    answers: Mapping[str, Answer]
    """A text is there as `A_TEXT`, or empty."""
    written: tuple[str, ...]
    """In which fields there are texts: metrics, or `response`."""
    again: tuple[str, ...]
    """Metrics no estimate takes from here: the whole arm is asked elsewhere, here those whom a condition chose."""
    sentiment: float | None
    engagement: float

    @property
    def agent_id(self) -> str:
        """Who it was."""
        return self.own.removeprefix(OWN)


class Replies:
    """All turns of a simulation."""

    def __init__(self, instruments: Iterable[Instrument], chosen: Chosen = NOBODY) -> None:
        self.all: list[Reply] = []
        self.arms: set[str] = set()
        self.models: set[str] = set()
        self.usage = NO_USAGE
        self.people: dict[str, Repeated[Attribute | None]] = {}
        """Attributes of everybody who answered, in the order of agents; None where somebody lacks one."""
        self._texts = {one.name for one in instruments if one.type is MetricType.TEXT}
        self._fields = (*(one.name for one in instruments if one.type is MetricType.TEXT), RESPONSE)
        self._once, self._count, self._last = Once(), 0, ""
        self._again = chosen.again

    @classmethod
    def of(cls, instruments: Iterable[Instrument], turns: Iterable[Turn], chosen: Chosen = NOBODY) -> "Replies":
        """Of turns that are all at hand, in any order."""
        found = cls(tuple(instruments), chosen)
        found.add(in_order(turns))
        return found

    def add(self, turns: Sequence[Turn]) -> None:
        """Some more, in canonical order; all that there are of an agent come together."""
        for turn in turns:
            reply = self._reply(turn)
            self.all.append(reply)
            self.arms.add(reply.arm)
            self.models.add(turn.model)
            if turn.is_answered:
                self._meet(reply.own, turn.demographic_profile)
        self.usage = total_usage([self.usage, *(turn.usage for turn in turns)])

    def profiles(self, names: Sequence[str]) -> dict[str, tuple[Attribute | None, ...]]:
        """These attributes of everybody who answered."""
        owners = dict.fromkeys(reply.own for reply in self.all if reply.is_answered)
        columns = [self.people.get(name) or [None] * len(owners) for name in names]
        return dict(zip(owners, zip(*columns, strict=True), strict=True)) if columns else {}

    def _reply(self, turn: Turn) -> Reply:
        once = self._once
        own = OWN + turn.agent_id
        return Reply(
            own=self.all[-1].own if self.all and self.all[-1].own == own else own,
            cluster_id=once(turn.cluster_id),
            segment=once(turn.segment),
            arm=once(turn.arm),
            step_id=once(turn.step_id),
            round=turn.round,
            step_place=turn.step_place,
            is_answered=turn.is_answered,
            answers=once.record({name: self._answer(name, answer) for name, answer in turn.answers.items()}),
            written=once(tuple(field for field in self._fields if text_of(turn, field) is not None)),
            again=self._again.get((turn.step_id, turn.arm), ()),
            sentiment=once(turn.sentiment),
            engagement=once(engagement(turn)),
        )

    def _answer(self, name: str, answer: Answer) -> Answer:
        if isinstance(answer, list | tuple):
            return self._once(tuple(map(self._once, answer)))
        if isinstance(answer, str) and name in self._texts:
            return A_TEXT if answer.strip() else ""
        return self._once(answer)

    def _meet(self, own: str, profile: Mapping[str, Attribute]) -> None:
        """What somebody is like; as told with the last answered turn."""
        if own != self._last:
            self._last, self._count = own, self._count + 1
            for column in self.people.values():
                column.append(None)
        for name in profile.keys() - self.people.keys():
            self.people[name] = Repeated([None] * self._count)
        for name, column in self.people.items():
            column[-1] = profile.get(name)


def text_of(turn: Turn, field: str) -> str | None:
    """What was written in a text metric, or as the response."""
    words = turn.response if field == RESPONSE else turn.answers.get(field)
    return words if turn.is_answered and isinstance(words, str) and words.strip() else None
