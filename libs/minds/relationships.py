"""Who can reach whom, and who hears what is said.

Two kinds of place. In an ordinary one everybody may talk to everybody, and relations change nothing. In a network only
people with a relation reach each other, by name and by talking to nobody in particular. A relation has no direction.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from libs.contracts.people import Agent

Pair = tuple[str, str]
"""Two agent ids, the smaller one first."""
Relations = frozenset[Pair]
NO_RELATIONS: Relations = frozenset()


class Member(NamedTuple):
    """Somebody who takes part."""

    agent_id: str
    name: str


class Notice(NamedTuple):
    """What one agent is told about somebody who reached out."""

    agent_id: str
    text: str


class Reached(NamedTuple):
    """What came of a REACH_OUT: whom it reached (if anybody), the relations after it, and what is said about it."""

    agent_id: str | None
    relations: Relations
    notices: tuple[Notice, ...]


class Members:
    """The people of one conversation, in their order, found by what others call them."""

    def __init__(self, members: Iterable[Member]) -> None:
        self.names = {member.agent_id: member.name for member in members}
        self._by_call: list[dict[str, list[str]]] = [{}, {}, {}, {}]
        for agent_id, name in self.names.items():
            for known, call in zip(self._by_call, _calls(agent_id, name), strict=True):
                known.setdefault(call, []).append(agent_id)

    def find(self, called: str) -> str | None:
        """The one member meant: by exact name, name in any case, agent id, or first name. None when none or several."""
        asked = (called, _key(called), called.strip(), _key(called))
        for known, call in zip(self._by_call, asked, strict=True):
            if len(found := known.get(call, [])) == 1:
                return found[0]
        return None


def pair(one: str, other: str) -> Pair:
    """The relation of two agents."""
    return (one, other) if one < other else (other, one)


def relations_of(agents: Sequence[Agent]) -> Relations:
    """The relations that personas state to other agents, by full name; people outside and first names are none."""
    by_name: dict[str, list[str]] = {}
    for agent in agents:
        by_name.setdefault(_key(agent.name), []).append(agent.agent_id)
    found: set[Pair] = set()
    for agent in agents:
        for name in _related(agent):
            others = by_name.get(_key(name), [])
            if len(others) == 1 and others[0] != agent.agent_id:
                found.add(pair(agent.agent_id, others[0]))
    return frozenset(found)


def accessible(agent_id: str, members: Members, relations: Relations, *, network: bool) -> tuple[str, ...]:
    """Whom an agent can talk to, in the members' order."""
    others = (other for other in members.names if other != agent_id)
    return tuple(other for other in others if not network or pair(agent_id, other) in relations)


def hearers(
    speaker: str, target: str, members: Members, relations: Relations, *, broadcast_if_no_target: bool, network: bool
) -> tuple[str, ...]:
    """Who hears an utterance. A target who is here hears it alone; where there is none, everybody does or nobody.

    Nobody hears what is said to oneself, and in a network nobody hears a person they have no relation with.
    """
    within_reach = accessible(speaker, members, relations, network=network)
    found = members.find(target)
    if found is not None:
        return (found,) if found in within_reach else ()
    return within_reach if broadcast_if_no_target else ()


def reach_out(speaker: str, target: str, members: Members, relations: Relations, *, network: bool) -> Reached:
    """REACH_OUT: makes a relation where everybody may, and works only along relations in a network. Both are told."""
    found = members.find(target)
    if found is None or found == speaker:
        return Reached(None, relations, (Notice(speaker, f"There is nobody else called {target!r} here."),))
    own, other = members.names[speaker], members.names[found]
    if network and pair(speaker, found) not in relations:
        return Reached(None, relations, (Notice(speaker, f"You know no way to reach {other}."),))
    notices = (
        Notice(speaker, f"You have reached {other}, who can be talked to now."),
        Notice(found, f"{own} reached out to you and can be talked to now."),
    )
    return Reached(found, relations | {pair(speaker, found)}, notices)


def _calls(agent_id: str, name: str) -> tuple[str, str, str, str]:
    first, _, _rest = _key(name).partition(" ")
    return name, _key(name), agent_id, first


def _key(name: str) -> str:
    return " ".join(name.casefold().split())


def _related(agent: Agent) -> Iterator[str]:
    """Names in a persona's `relationships`; TinyTroupe writes the field both as `Name` and as `name`."""
    stated = agent.persona.get("relationships")
    for item in stated if isinstance(stated, list) else ():
        if isinstance(item, dict):
            name = item.get("name", item.get("Name"))
            if isinstance(name, str):
                yield name
