"""How the agents of a step are divided into deliveries: at most 64 each, and those who hear each other together."""

from collections.abc import Mapping, Sequence

DELIVERY_SIZE = 64
Groups = dict[str, tuple[str, ...]]
"""Agent ids by group id."""


def deliveries_for(agents: int) -> int:
    """Deliveries that this many agents need who do not hear each other."""
    return -(-agents // DELIVERY_SIZE)


def divided(groups: Mapping[str, Sequence[str]], *, together: bool) -> list[Groups]:
    """The groups of each delivery. `together`: a group is only divided when it is larger than a delivery may be."""
    found: list[Groups] = []
    room = 0
    for group_id, agent_ids in groups.items():
        start = 0
        while start < len(agent_ids):
            left = len(agent_ids) - start
            if room == 0 or (together and left > room and start == 0):
                found.append({})
                room = DELIVERY_SIZE
            block = tuple(agent_ids[start : start + room])
            found[-1][group_id] = block
            room -= len(block)
            start += len(block)
    return found
