"""One agent through a simulation: what it met, thought, did and answered in order, and what changed on the way."""

from collections.abc import Sequence

from libs.contracts.base import Data
from libs.contracts.instruments import Answer
from services.results.domain.engagement import engagement
from services.results.domain.outcomes import outcomes_of
from services.results.domain.records import Study, Turn


class PathStep(Data):
    """One turn of an agent: what was shown, and what became of it."""

    turn_id: str
    step_id: str
    round: int
    arm: str
    channel: str | None
    shown: str | None
    thought: str | None
    said: str | None
    answers: dict[str, Answer]
    actions: tuple[dict[str, str | None], ...] | None
    engagement: float


class Change(Data):
    """A number that an agent gave more than once in one arm; its own, so that there is no interval."""

    metric: str
    option: str | None
    arm: str
    first: float
    last: float
    change: float
    values: tuple[float, ...]


def path_of(study: Study, turns: Sequence[Turn]) -> list[PathStep]:
    """The turns of one agent, as they came."""
    found = []
    for turn in _as_they_came(turns):
        stimulus = study.stimulus(turn)
        found.append(
            PathStep(
                turn_id=turn.turn_id,
                step_id=turn.step_id,
                round=turn.round,
                arm=turn.arm,
                channel=stimulus.channel if stimulus else None,
                shown=stimulus.content if stimulus else None,
                thought=turn.reasoning,
                said=turn.response,
                answers=turn.answers,
                actions=turn.actions,
                engagement=engagement(turn),
            )
        )
    return found


def changes_of(study: Study, turns: Sequence[Turn]) -> list[Change]:
    """How the answers, the sentiment and the engagement of one agent went, where there are several, arm by arm."""
    ordered = [turn for turn in _as_they_came(turns) if turn.is_answered]
    found = []
    for arm in sorted({turn.arm for turn in ordered}):
        mine = [turn for turn in ordered if turn.arm == arm]
        series: list[tuple[str, str | None, list[float | None]]] = [
            (outcome.metric, outcome.option, [outcome.score(turn.answers) for turn in mine])
            for outcome in outcomes_of(study.instruments)
        ]
        series.append(("sentiment", None, [turn.sentiment for turn in mine]))
        series.append(("engagement", None, [engagement(turn) for turn in mine]))
        for metric, option, given in series:
            values = tuple(value for value in given if value is not None)
            if len(values) > 1:
                first, last = values[0], values[-1]
                found.append(
                    Change(
                        metric=metric,
                        option=option,
                        arm=arm,
                        first=first,
                        last=last,
                        change=last - first,
                        values=values,
                    )
                )
    return found


def _as_they_came(turns: Sequence[Turn]) -> list[Turn]:
    return sorted(turns, key=lambda turn: (turn.round, turn.step_place, turn.step_id, turn.arm))
