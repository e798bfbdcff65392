"""What a protocol will ask, before there is anybody to be asked: its steps, how many take each, and what they carry.

People are only counted here, and have the names that they will have. Who talks with whom is drawn later; how many do is
known now.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from libs.contracts.dialogue import Broadcast, BroadcastSpec, ConversationSpec, Journey, Request, SequenceSpec
from libs.contracts.errors import FieldError, InvalidError, invalid
from libs.contracts.ids import agent_id
from libs.contracts.instruments import Instrument
from libs.contracts.protocol import Step
from services.communication.domain import admission, protocols
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
    """The steps of a protocol among so many people, in order. Interviews are alike, so a thousand count as one.

    Raises `DomainError` with what is wrong with each request among these people.
    """
    found: dict[tuple[int, int, bool, bool], Planned] = {}
    rounds = carried = 0
    for number, protocol in enumerate(_protocols(requests, people, segments, seed), start=1):
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


def _protocols(requests: Sequence[Request], people: int, segments: Mapping[str, int], seed: int) -> Sequence[Protocol]:
    if not requests:
        return ()
    everybody = [agent_id(index) for index in range(1, people + 1)]
    known = frozenset(everybody)
    asked: dict[str, Instrument] = {}
    found: list[Protocol] = []
    errors: list[FieldError] = []
    rounds = 0
    for number, request in enumerate(requests):
        try:
            admission.check_agents(admission.named_agents(request), known)
            admission.check_segments(request.target_segments, tuple(segments))
            reached = sum(segments[name] for name in request.target_segments) or people
            instruments = admission.instruments_of(request)
            admission.check_asked(request, instruments, asked)
            names = request.agent_ids or everybody[:reached]
            protocol = _compiled(Slot(number + 1, rounds + 1), request, instruments, names, seed)
        except InvalidError as error:
            errors += [one.within(f"protocol.{number}") for one in error.errors]
            continue
        asked |= {one.name: one for each in instruments.values() for one in each}
        rounds += protocol.rounds
        found.append(protocol)
    if errors:
        raise invalid(errors)
    return found


def _compiled(
    slot: Slot,
    request: Request,
    instruments: Mapping[str, tuple[Instrument, ...]],
    names: Sequence[str],
    seed: int,
) -> Protocol:
    """The steps of a request, as they will be. Raises `InvalidError` where it would be refused."""
    told = {**request.model_dump(exclude_unset=True), "simulation_id": NOWHERE}
    if isinstance(request, Journey):
        return protocols.sequence(slot, SequenceSpec.model_validate(told), instruments, names)
    if isinstance(request, Broadcast):
        admission.check_earshot(request, len(names))
        return protocols.broadcast(slot, BroadcastSpec.model_validate(told), instruments[""], names)
    talk = ConversationSpec.model_validate(told)
    groups = protocols.grouped(slot, talk, names, seed)
    admission.check_groups(talk, groups)
    return protocols.conversation(slot, talk, instruments[""], groups)
