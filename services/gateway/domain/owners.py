"""Which service owns which public path. A path that stands nowhere here does not exist."""

OWNER_OF_PREFIX = {
    "simulations": "orchestrator",
    "studies": "orchestrator",
    "agent-populations": "population",
    "interventions": "intervention",
    "communications": "communication",
    "results": "results",
    "validation": "validation",
    "webhooks": "webhooks",
}
OWNERS = tuple(dict.fromkeys(OWNER_OF_PREFIX.values()))


def is_plain(path: str) -> bool:
    """False for a path with `.` or `..` segments: an owner could be made to answer for a path it does not publish."""
    return not {".", ".."} & set(path.split("/"))
