"""Which agents count as one: what is independent in an analysis."""

from collections.abc import Iterable

OWN = "agent:"  # keeps agent ids and cluster ids apart


def units_of(memberships: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    """The unit of each agent: the agent itself, or all clusters that are linked by agents who were in several.

    A membership is an agent and the cluster of those whom it heard, None where it heard nobody.
    """
    linked: dict[str, str] = {}

    def root(name: str) -> str:
        while (above := linked.setdefault(name, name)) != name:
            name = above
        return name

    agents: dict[str, None] = {}
    for agent, cluster in memberships:
        agents[agent] = None
        if cluster is not None:
            one, other = sorted((root(OWN + agent), root(cluster)))
            linked[other] = one
    return {agent: root(OWN + agent) for agent in agents}


def clusters_of(memberships: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    """The cluster of each agent that heard another one, by name: of clusters that are linked, the first.

    Two agents have the same cluster here exactly where `units_of` gives them the same unit.
    """
    heard = sorted({(cluster, agent) for agent, cluster in memberships if cluster is not None})
    units = units_of((agent, cluster) for cluster, agent in heard)
    names: dict[str, str] = {}
    for cluster, agent in heard:
        names.setdefault(units[agent], cluster)
    return {agent: names[unit] for agent, unit in units.items()}
