"""Reading the turns of a simulation a few agents at a time, so that they need never be in memory together."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from libs.db import Transaction
from services.results.domain.records import Study, Turn, in_order
from services.results.domain.replies import Replies
from services.results.domain.themes import Text, Written, choose, read
from services.results.store import Store

AGENTS = 200
"""Agents whose turns are read at once."""


async def in_blocks(
    store: Store, tx: Transaction, simulation_id: str, agents: Sequence[str]
) -> AsyncGenerator[list[Turn], None]:
    """The turns of these agents in canonical order, those of some agents at a time."""
    for start in range(0, len(agents), AGENTS):
        yield in_order(await store.responses.of(tx, simulation_id, agents[start : start + AGENTS]))


async def read_replies(store: Store, tx: Transaction, study: Study) -> Replies:
    """All turns of a simulation, as the analysis needs them."""
    replies = Replies(study.instruments, study.chosen)
    agents = await store.responses.agents(tx, study.simulation_id)
    async for turns in in_blocks(store, tx, study.simulation_id, agents):
        await asyncio.to_thread(replies.add, turns)
    return replies


async def read_texts(
    store: Store, tx: Transaction, study: Study, replies: Replies, fields: Sequence[str]
) -> dict[str, Written]:
    """Of each field the texts that are coded."""
    found = {}
    for field in fields:
        chosen, texts = choose(field, replies.all), list[Text]()
        agents = sorted({agent for agent, _ in chosen.places})
        async for turns in in_blocks(store, tx, study.simulation_id, agents):
            texts += read(field, chosen, turns)
        found[field] = Written(texts, chosen.of)
    return found
