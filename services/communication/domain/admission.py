"""Whether a request can be carried out: its tools, who is in earshot, groups, agents, what conditions rest on.

The same holds for people who are there (a request) and for people who are only counted so far (an estimate), so that
nothing is refused when a study runs that was not refused before. Each check raises `InvalidError`, naming the field.
"""

from collections.abc import Container, Mapping, Sequence

from libs.contracts.catalogue import resolve
from libs.contracts.dialogue import LARGEST_GROUP, Broadcast, Journey, MessageSpec, Request, Talk
from libs.contracts.errors import InvalidError
from libs.contracts.instruments import Instrument
from libs.contracts.protocol import Condition
from libs.minds.conditions import misfit
from libs.minds.tools import Tools

MOST_IN_EARSHOT = 200
"""Agents who may all hear each other: what is heard grows with their square."""

Asked = Request | MessageSpec
Groups = Mapping[str, Sequence[str]]
Instruments = Mapping[str, Sequence[Instrument]]
"""By touchpoint."""


def instruments_of(request: Asked) -> dict[str, tuple[Instrument, ...]]:
    """What is asked, by touchpoint; what has none is one itself."""
    if not isinstance(request, Journey):
        return {"": resolve(request.metrics, "metrics")}
    return {
        touchpoint.name: resolve(touchpoint.metrics, f"touchpoints.{number}.metrics")
        for number, touchpoint in enumerate(request.touchpoints)
    }


def conditions_of(request: Asked) -> list[Condition]:
    """On what touchpoints depend, as far as a model has to answer it."""
    if not isinstance(request, Journey):
        return []
    return [one.condition.compiled(None) for one in request.touchpoints if one.condition is not None]


def check_tools(request: Asked, tools: Tools, part: str = "") -> None:
    """There are the tools that the agents may use; `part` is what the request is of a body."""
    for number, name in enumerate(request.tools):
        if tools.unknown([name]):
            raise InvalidError(f"{part}tools.{number}", f"there is no tool {name!r}", tools.names)


def named_agents(request: Request) -> dict[str, str]:
    """The agents whom a request names, by field."""
    named = {f"agent_ids.{number}": agent_id for number, agent_id in enumerate(request.agent_ids)}
    if isinstance(request, Talk) and request.interviewer_id is not None:
        named["interviewer_id"] = request.interviewer_id
    return named


def check_agents(named: Mapping[str, str], known: Container[str]) -> None:
    """The population has the agents; `named` by field."""
    for field, agent_id in named.items():
        if agent_id not in known:
            raise InvalidError(field, f"the population has no agent {agent_id!r}")


def check_segments(segments: Sequence[str], known: Sequence[str]) -> None:
    """The population has the segments."""
    for number, segment in enumerate(segments):
        if segment not in known:
            raise InvalidError(f"target_segments.{number}", f"the population has no segment {segment!r}", known)


def check_earshot(request: Broadcast, recipients: int) -> None:
    """Not too many hear each other."""
    if request.broadcast_if_no_target and recipients > MOST_IN_EARSHOT:
        raise InvalidError(
            "broadcast_if_no_target",
            f"{recipients} agents cannot all hear each other, at most {MOST_IN_EARSHOT} can; "
            "name fewer, or let groups talk (POST /communications/conversation/start)",
        )


def check_groups(talk: Talk, groups: Groups) -> None:
    """Each group is one, and none is a crowd."""
    least = 1 if talk.kind == "interview" else 2
    largest = max(map(len, groups.values()), default=0)
    if not groups or min(map(len, groups.values())) < least:
        field = "agent_ids" if talk.agent_ids else "groups"
        people = sum(map(len, groups.values()))
        raise InvalidError(field, f"a {talk.kind} needs at least {least} in a group; {people} can take part")
    if largest > LARGEST_GROUP:
        raise InvalidError("groups", f"a group of {largest} is too large to talk, at most {LARGEST_GROUP} can")


def check_asked(request: Asked, instruments: Instruments, before: Mapping[str, Instrument]) -> None:
    """What is asked, and what conditions rest on, fit what was asked before: by earlier requests, and in this one."""
    asked = dict(before)
    for number, mine in enumerate(instruments.values()):
        for instrument in mine:
            first = asked.setdefault(instrument.name, instrument)
            if instrument.form != first.form:
                field = f"touchpoints.{number}.metrics" if isinstance(request, Journey) else "metrics"
                reason = "was asked with another type, scale, options or condition; give this one another name"
                raise InvalidError(field, f"{instrument.name!r} {reason}")
    if isinstance(request, Journey):
        _check_conditions(request, instruments, before)


def _check_conditions(journey: Journey, instruments: Instruments, before: Mapping[str, Instrument]) -> None:
    """A condition is about a metric that was asked before."""
    for number, touchpoint in enumerate(journey.touchpoints):
        condition = touchpoint.condition
        if condition is None or condition.metric is None or condition.before:
            continue
        earlier = [condition.touchpoint] if condition.touchpoint else [one.name for one in journey.touchpoints[:number]]
        asked = {} if condition.touchpoint else dict(before)
        asked |= {instrument.name: instrument for name in earlier for instrument in instruments[name]}
        field = f"touchpoints.{number}.condition"
        if condition.metric in asked:
            if (problem := misfit(condition.operator, condition.value, asked[condition.metric])) is not None:
                raise InvalidError(f"{field}.value", problem)
        else:
            by = repr(condition.touchpoint) if condition.touchpoint else "nothing earlier"
            does = "does not ask" if condition.touchpoint else "asks"
            raise InvalidError(f"{field}.metric", f"{by} {does} {condition.metric!r}", tuple(asked))
