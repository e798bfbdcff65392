"""When something happens on a timeline: a number that grows with the steps, and within a step with who speaks.

An agent hears what was said at moments after its last turn and before the present one. Those who speak at once in one
step hear each other afterwards; those who speak one after the other hear who came before.
"""

from collections.abc import Iterator
from itertools import zip_longest

from libs.contracts.communication import DeliverStimulus
from libs.contracts.timelines import Timeline

SPAN = 1_000
AFTERWARDS = SPAN - 1


def place_of(command: DeliverStimulus) -> int:
    """Place of the step among all steps of its simulation."""
    return command.round if command.place is None else command.place


def beginning(command: DeliverStimulus) -> int:
    """The first moment of the step."""
    return place_of(command) * SPAN


def timeline_of(command: DeliverStimulus) -> Timeline:
    """The timeline that the turns of a delivery are on."""
    return command.timeline or Timeline(timeline_id=command.timeline_id, number=1, ancestors=())


def is_sequential(command: DeliverStimulus) -> bool:
    """True when those of a group act one after the other."""
    return command.conversation is not None and command.conversation.turn_taking == "sequential"


def turn_moments(command: DeliverStimulus) -> dict[str, int]:
    """The moment at which each agent takes its turn."""
    start = beginning(command)
    if not is_sequential(command):
        return dict.fromkeys(command.agent_ids, start)
    groups = (command.groups or {}).values()
    return {agent_id: start + order for group in groups for order, agent_id in enumerate(group, start=1)}


def spoken_at(command: DeliverStimulus, turn_moment: int) -> int:
    """The moment from which what is said in a turn can be heard."""
    return turn_moment if is_sequential(command) else answered_at(command)


def answered_at(command: DeliverStimulus) -> int:
    """The moment from which agents know what their tools answered: the next step, since nobody acts twice in one."""
    return beginning(command) + AFTERWARDS


def waves(command: DeliverStimulus) -> Iterator[tuple[str, ...]]:
    """The agents who act at the same time, in the order of acting."""
    if not is_sequential(command):
        yield command.agent_ids
        return
    for wave in zip_longest(*(command.groups or {}).values()):
        yield tuple(agent_id for agent_id in wave if agent_id is not None)
