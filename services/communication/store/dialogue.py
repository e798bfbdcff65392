"""What people asked for, who is in which group, who depends on whom, and who knows whom."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, exists, func, insert, or_, select, tuple_, update

from libs.contracts.base import JsonObject
from libs.contracts.timelines import Timeline
from libs.db import Transaction, among, insert_new, upsert
from libs.minds.relationships import Pair, Relations
from services.communication.store.log import on_timeline
from services.communication.tables import clusters, history, members, protocols, relations


class Request(NamedTuple):
    """Something that was asked for, as it is kept."""

    protocol_id: str
    kind: str
    round: int
    rounds: int
    recipients: int
    created_at: datetime
    state: str | None = None
    """Running, finished or dropped; None while it waits."""


class Relation(NamedTuple):
    """Two agents who know each other; the smaller id comes first."""

    agent_id: str
    other_id: str
    kind: str


class Dialogue:
    """Requests, groups, clusters and relations of a simulation."""

    async def add_request(self, tx: Transaction, simulation_id: str, request: Request, spec: JsonObject) -> None:
        """Store a request that was accepted."""
        row = {"tenant": tx.tenant, "simulation_id": simulation_id, **request._asdict(), "spec": spec}
        await tx.execute(insert(protocols), row)

    async def save_request_state(self, tx: Transaction, simulation_id: str, protocol_id: str, state: str) -> None:
        """Note what became of a request, unless its end is known: news may arrive in any order."""
        statement = update(protocols).where(
            protocols.c.tenant == tx.tenant,
            protocols.c.simulation_id == simulation_id,
            protocols.c.protocol_id == protocol_id,
            protocols.c.state.is_(None) | (protocols.c.state == "running"),
        )
        if state == "running":
            statement = statement.where(protocols.c.state.is_(None))
        await tx.execute(statement.values(state=state))

    async def count_requests(self, tx: Transaction, simulation_id: str) -> tuple[int, int]:
        """(requests of a simulation so far, rounds they have in all)."""
        query = select(
            func.count().label("requests"), func.coalesce(func.sum(protocols.c.rounds), 0).label("rounds")
        ).where(protocols.c.tenant == tx.tenant, protocols.c.simulation_id == simulation_id)
        row = (await tx.execute(query)).one()
        return int(row.requests), int(row.rounds)

    async def asked(self, tx: Transaction, simulation_id: str, timeline: Timeline) -> list[tuple[str, JsonObject]]:
        """What was asked on a timeline, or is to be, as kind and specification, in order."""
        state = protocols.c.state
        query = select(protocols.c.kind, protocols.c.spec).where(
            protocols.c.tenant == tx.tenant,
            protocols.c.simulation_id == simulation_id,
            or_(state.is_(None), state != "dropped"),
        )
        if timeline.ancestors:  # else there is no other timeline that it could be on
            there = select(history.c.round).where(on_timeline(history, tx, simulation_id, timeline))
            query = query.where(or_(state.is_(None), state == "running", protocols.c.round.in_(there)))
        query = query.order_by(protocols.c.round)
        return [(row.kind, row.spec) for row in await tx.execute(query)]

    async def get_request(self, tx: Transaction, simulation_id: str, protocol_id: str) -> Request | None:
        """A request of a simulation."""
        columns = [protocols.c[name] for name in Request._fields]
        query = select(*columns).where(
            protocols.c.tenant == tx.tenant,
            protocols.c.simulation_id == simulation_id,
            protocols.c.protocol_id == protocol_id,
        )
        row = (await tx.execute(query)).mappings().one_or_none()
        return None if row is None else Request(**row)

    async def list_requests(
        self, tx: Transaction, simulation_id: str, *, after: str | None, limit: int
    ) -> list[Request]:
        """Requests of a simulation, oldest first by id."""
        columns = [protocols.c[name] for name in Request._fields]
        query = (
            select(*columns)
            .where(protocols.c.tenant == tx.tenant, protocols.c.simulation_id == simulation_id)
            .order_by(protocols.c.protocol_id)
            .limit(limit)
        )
        if after is not None:
            query = query.where(protocols.c.protocol_id > after)
        return [Request(**row) for row in (await tx.execute(query)).mappings()]

    async def add_members(self, tx: Transaction, simulation_id: str, groups: Mapping[str, Sequence[str]]) -> None:
        """Store who hears each other."""
        rows = [
            {
                "tenant": tx.tenant,
                "simulation_id": simulation_id,
                "group_id": group_id,
                "position": position,
                "agent_id": agent_id,
            }
            for group_id, agent_ids in groups.items()
            for position, agent_id in enumerate(agent_ids)
        ]
        await insert_new(tx, members, rows)

    async def members_of(self, tx: Transaction, simulation_id: str, beginning: str) -> dict[str, list[str]]:
        """Members of all groups whose ids begin so, in their order."""
        query = select(members.c.group_id).where(
            members.c.tenant == tx.tenant,
            members.c.simulation_id == simulation_id,
            members.c.group_id.startswith(beginning, autoescape=True),
        )
        return await self.find_members(tx, simulation_id, list((await tx.execute(query.distinct())).scalars()))

    async def find_members(self, tx: Transaction, simulation_id: str, group_ids: Sequence[str]) -> dict[str, list[str]]:
        """Members of these groups, in their order."""
        query = (
            select(members.c.group_id, members.c.agent_id)
            .where(
                members.c.tenant == tx.tenant,
                members.c.simulation_id == simulation_id,
                members.c.group_id.in_(group_ids),
            )
            .order_by(members.c.group_id, members.c.position)
        )
        found: dict[str, list[str]] = {}
        for row in await tx.execute(query):
            found.setdefault(row.group_id, []).append(row.agent_id)
        return found

    async def join_clusters(
        self, tx: Transaction, simulation_id: str, timeline: Timeline, moment: int, groups: Mapping[str, Sequence[str]]
    ) -> None:
        """From a moment on the answers of those in a group depend on each other, and on all they depended on before.

        The simulation must be locked: clusters are merged one group after the other.
        """
        place = {"tenant": tx.tenant, "simulation_id": simulation_id, "timeline_id": timeline.timeline_id}
        for name, group in groups.items():
            known = await self.find_clusters(tx, simulation_id, timeline, group)
            before = sorted(set(known.values()))
            cluster_id = before[0] if before else name
            others = await self._find_in_clusters(tx, simulation_id, timeline, before[1:])
            joining = {*others, *(agent_id for agent_id in group if agent_id not in known)}
            rows = [
                {**place, "agent_id": agent_id, "moment": moment, "cluster_id": cluster_id}
                for agent_id in sorted(joining)
            ]
            await upsert(tx, clusters, rows)

    async def find_clusters(
        self, tx: Transaction, simulation_id: str, timeline: Timeline, agent_ids: Sequence[str]
    ) -> dict[str, str]:
        """The cluster of each of these agents who has heard another one."""
        newest = _newest_clusters(tx, simulation_id, timeline).where(among(clusters.c.agent_id, agent_ids))
        return {row.agent_id: row.cluster_id for row in await tx.execute(newest)}

    async def _find_in_clusters(
        self, tx: Transaction, simulation_id: str, timeline: Timeline, cluster_ids: Sequence[str]
    ) -> list[str]:
        """Everybody who is in one of these clusters."""
        if not cluster_ids:
            return []
        newest = _newest_clusters(tx, simulation_id, timeline).subquery()
        query = select(newest.c.agent_id).where(newest.c.cluster_id.in_(cluster_ids))
        return list((await tx.execute(query)).scalars())

    async def relate(
        self, tx: Transaction, simulation_id: str, timeline_id: str, pairs: Mapping[Pair, str], moment: int
    ) -> None:
        """Store relations with their kind, which count after this moment; those that are there stay as they are."""
        rows = [
            {
                "tenant": tx.tenant,
                "simulation_id": simulation_id,
                "timeline_id": timeline_id,
                "agent_id": one,
                "other_id": other,
                "kind": kind,
                "moment": moment,
            }
            for (one, other), kind in sorted(pairs.items())
        ]
        await insert_new(tx, relations, rows)

    async def find_relations(
        self, tx: Transaction, simulation_id: str, timeline: Timeline, agent_ids: Sequence[str], before: int
    ) -> Relations:
        """Relations of these agents that were made before a moment."""
        involved = or_(relations.c.agent_id.in_(agent_ids), relations.c.other_id.in_(agent_ids))
        query = select(relations.c.agent_id, relations.c.other_id).where(
            on_timeline(relations, tx, simulation_id, timeline), relations.c.moment < before, involved
        )
        return frozenset((row.agent_id, row.other_id) for row in await tx.execute(query))

    async def list_relations(
        self,
        tx: Transaction,
        simulation_id: str,
        timeline: Timeline,
        *,
        after: tuple[str, str] | None,
        limit: int,
    ) -> list[Relation]:
        """Relations in the order of their ids; where there are several kinds, the first by name."""
        pair = tuple_(relations.c.agent_id, relations.c.other_id)
        query = (
            select(relations.c.agent_id, relations.c.other_id, func.min(relations.c.kind).label("kind"))
            .where(on_timeline(relations, tx, simulation_id, timeline))
            .group_by(relations.c.agent_id, relations.c.other_id)
            .order_by(relations.c.agent_id, relations.c.other_id)
            .limit(limit)
        )
        if after is not None:
            query = query.where(pair > after)
        return [Relation(**row) for row in (await tx.execute(query)).mappings()]


def _newest_clusters(tx: Transaction, simulation_id: str, timeline: Timeline) -> Select[tuple[str, str]]:
    """Each agent with the cluster it joined last."""
    there = on_timeline(clusters, tx, simulation_id, timeline)
    later = clusters.alias()
    is_newest = ~exists().where(
        on_timeline(later, tx, simulation_id, timeline),
        later.c.agent_id == clusters.c.agent_id,
        later.c.moment > clusters.c.moment,
    )
    return select(clusters.c.agent_id, clusters.c.cluster_id).where(there, is_newest)
