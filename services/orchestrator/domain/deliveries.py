"""How the agents of a step are divided into deliveries: those who hear each other together.

A delivery has at most 64 agents, where an arm is large 256: whatever is done once for a delivery is then done for more
turns (decision 0031), and there are still enough of them for the workers to share.
"""

from collections.abc import Mapping, Sequence

DELIVERY_SIZE, LARGEST_DELIVERY = 64, 256
ENOUGH = 16
"""An arm has at least so many deliveries before they become larger."""
Groups = dict[str, tuple[str, ...]]
"""Agent ids by group id."""


def size_for(agents: int, largest: int = LARGEST_DELIVERY) -> int:
    """Agents of each delivery of an arm."""
    return largest if agents >= ENOUGH * largest else DELIVERY_SIZE


def deliveries_for(agents: int, largest: int = LARGEST_DELIVERY) -> int:
    """Deliveries that this many agents need who do not hear each other."""
    return -(-agents // size_for(agents, largest))


def divided(groups: Mapping[str, Sequence[str]], *, together: bool, size: int = DELIVERY_SIZE) -> list[Groups]:
    """The groups of each delivery. `together`: a group is only divided when it is larger than a delivery may be."""
    found: list[Groups] = []
    room = 0
    for group_id, agent_ids in groups.items():
        start = 0
        while start < len(agent_ids):
            left = len(agent_ids) - start
            if room == 0 or (together and left > room and start == 0):
                found.append({})
                room = size
            block = tuple(agent_ids[start : start + room])
            found[-1][group_id] = block
            room -= len(block)
            start += len(block)
    return found
