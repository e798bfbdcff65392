"""What a protocol will ask, before there is anybody to be asked: its steps, how many take each, and what they carry.

People are only counted here, so they have no names. Who talks with whom is drawn later; how many do is known now.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from libs.contracts.catalogue import resolve
from libs.contracts.dialogue import Broadcast, BroadcastSpec, ConversationSpec, Journey, Request, SequenceSpec
from libs.contracts.protocol import Step
from services.communication.domain import protocols
from services.communication.domain.protocols import Protocol, Slot

NOWHERE = "forecast"


class Planned(NamedTuple):
    """A step that will be taken."""

    step: Step
    turns: int
    earlier: int
    """Replies, of whoever takes it and of others, that its prompts carry."""
    one_by_one: int
    """Turns that wait for each other."""


def planned(requests: Sequence[Request], people: int, segments: Mapping[str, int], seed: int) -> list[Planned]:
    """The steps of a protocol among so many people, in order. Interviews are alike, so a thousand count as one."""
    found: dict[tuple[int, int, bool, bool], Planned] = {}
    rounds = carried = 0
    for number, request in enumerate(requests, start=1):
        reached = sum(segments.get(name, 0) for name in request.target_segments) or people
        protocol = _compiled(Slot(number, rounds + 1), request, reached, seed)
        heard = max(map(len, protocol.members.values()), default=1)
        sizes: dict[str | None, int] = {
            one.audience_id: sum(map(len, one.groups.values())) for one in protocol.audiences
        }
        earlier: dict[str, int] = {}
        for step in protocol.steps:
            turns = sizes[step.audience_id]
            before = earlier.get(str(step.audience_id), 0)
            is_sequential = step.conversation is not None and step.conversation.turn_taking == "sequential"
            place = (number, step.round, bool(step.stimuli), bool(step.instruments))
            alike = found.get(place)
            one_by_one = heard if is_sequential else 1
            if alike is None:
                found[place] = Planned(step, turns, carried + before, one_by_one)
            else:
                found[place] = alike._replace(turns=alike.turns + turns, one_by_one=alike.one_by_one + one_by_one)
            earlier[str(step.audience_id)] = before + (heard if step.conversation else 1)
        carried += max(earlier.values(), default=0)
        rounds += protocol.rounds
    return list(found.values())


def _compiled(slot: Slot, request: Request, reached: int, seed: int) -> Protocol:
    told = {**request.model_dump(exclude_unset=True), "simulation_id": NOWHERE}
    names = request.agent_ids or [str(place) for place in range(reached)]
    if isinstance(request, Journey):
        journey = SequenceSpec.model_validate(told)
        asked = {one.name: resolve(one.metrics, "metrics") for one in journey.touchpoints}
        return protocols.sequence(slot, journey, asked, names)
    instruments = resolve(request.metrics, "metrics")
    if isinstance(request, Broadcast):
        return protocols.broadcast(slot, BroadcastSpec.model_validate(told), instruments, names)
    talk = ConversationSpec.model_validate(told)
    return protocols.conversation(slot, talk, instruments, protocols.grouped(slot, talk, names, seed))
