"""Use cases of stories: begin one, go on with it, show it. A model is asked between transactions, never in one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from libs.contracts.errors import ConflictError, NotFoundError
from libs.contracts.ids import new_id
from libs.contracts.protocol import NO_USAGE
from libs.contracts.tools import StorySpec
from libs.contracts.turns import is_offline
from libs.db import Database, Transaction
from libs.minds.storytelling import story_messages
from libs.minds.writing import SCHEMA, read_written
from libs.models import Models, ask_one, check_model
from services.communication.domain.chronicle import chronicle
from services.communication.domain.history import HistoryEntry
from services.communication.domain.stories import MOST_PARTS, Part, StoryHead, item_of, task_of
from services.communication.service.writing import question
from services.communication.store import HistoryFilter, Store

TOKENS_A_WORD = 3
LEAST_TOKENS = 800
NOT_FOLLOWED = "a chronicle tells what was recorded: {} need a language model in `model`"


@dataclass(frozen=True, slots=True)
class _Material:
    """What the next part is made of."""

    parts: list[Part]
    entries: Sequence[HistoryEntry]
    omitted: int


class Stories:
    """Narratives of simulations, from their recorded history."""

    def __init__(self, database: Database, store: Store, models: Models) -> None:
        self._database, self._store, self._models = database, store, models

    async def tell(self, simulation_id: str, spec: StorySpec, tenant: str) -> Part:
        """Tell the next part. Raises `NotFoundError`, `InvalidError`, `ConflictError`, `ModelFailedError`."""
        if not is_offline(spec.model):
            await check_model(self._models, spec.model)
        async with self._database.read(tenant=tenant) as tx:
            await self._check_known(tx, simulation_id)
            material = await self._material(tx, simulation_id, spec)
        story_id = spec.story_id or new_id("sty")
        number = len(material.parts) + 1
        if is_offline(spec.model):
            part = _chronicle(simulation_id, story_id, number, spec, material)
        else:
            part = await self._narrative(simulation_id, story_id, number, spec, material)
        async with self._database.write(tenant=tenant) as tx:
            if not await self._store.stories.add(tx, part):
                raise ConflictError(f"The story {story_id} went on meanwhile: part {number} is there already.")
        return part

    async def show(self, tx: Transaction, simulation_id: str, story_id: str) -> list[Part]:
        """A story from its beginning. Raises `NotFoundError`."""
        parts = await self._store.stories.parts(tx, simulation_id, story_id)
        if not parts:
            raise NotFoundError("story of this simulation", story_id)
        return parts

    async def newest(self, tx: Transaction, simulation_id: str, limit: int, before: str | None) -> list[StoryHead]:
        """The stories of a simulation, newest first. Raises `NotFoundError`."""
        await self._check_known(tx, simulation_id)
        return await self._store.stories.newest(tx, simulation_id, limit, before)

    async def _material(self, tx: Transaction, simulation_id: str, spec: StorySpec) -> _Material:
        parts = await self.show(tx, simulation_id, spec.story_id) if spec.story_id else []
        if len(parts) >= MOST_PARTS:
            raise ConflictError(f"The story has {MOST_PARTS} parts, which is the most; begin a new one.")
        present = (await self._store.projections.list_timelines(tx, simulation_id))[-1]
        wanted = HistoryFilter(agent_id=spec.agent_id, conversation_id=spec.conversation_id, timeline=present)
        if is_offline(spec.model):
            after = parts[-1].through if parts else 0
            entries: Sequence[HistoryEntry]
            entries = await self._store.history.list(tx, simulation_id, wanted, after=after, limit=spec.words)
            omitted = 0
        else:
            firsts, lasts = spec.first_n, spec.last_n
            entries, omitted = await self._store.history.ends(tx, simulation_id, wanted, firsts, lasts)
        if not entries:
            where = "of this agent or conversation " if spec.agent_id or spec.conversation_id else ""
            more = " after what the story has told" if parts else ""
            raise ConflictError(f"Nothing {where}is recorded{more}: there is nothing to tell.")
        return _Material(parts, entries, omitted)

    async def _narrative(
        self, simulation_id: str, story_id: str, number: int, spec: StorySpec, material: _Material
    ) -> Part:
        items = [item_of(entry) for entry in material.entries]
        told = [part.text for part in material.parts]
        batch = question(
            "story",
            spec.model,
            story_messages(task_of(spec), items, material.omitted, told),
            SCHEMA,
            simulation_id=simulation_id,
            seed=spec.seed,
            tokens=max(LEAST_TOKENS, TOKENS_A_WORD * spec.words),
        )
        answer = await ask_one(self._models, batch, read_written)
        assert answer.value is not None
        return Part(
            simulation_id=simulation_id,
            story_id=story_id,
            number=number,
            text=answer.value,
            kind="narrative",
            spec=spec,
            notes=(),
            through=material.entries[-1].sequence,
            model=answer.model,
            usage=answer.usage,
            created_at=datetime.now(UTC),
        )

    async def _check_known(self, tx: Transaction, simulation_id: str) -> None:
        if await self._store.projections.get_simulation(tx, simulation_id) is None:
            raise NotFoundError("simulation", simulation_id)


def _chronicle(simulation_id: str, story_id: str, number: int, spec: StorySpec, material: _Material) -> Part:
    found = chronicle(material.entries, spec.words)
    assert found is not None
    wishes = {"requirements": spec.requirements, "include_plot_twist": spec.include_plot_twist}
    unheard = [name for name, wish in wishes.items() if wish]
    return Part(
        simulation_id=simulation_id,
        story_id=story_id,
        number=number,
        text=found.text,
        kind="chronicle",
        spec=spec,
        notes=(NOT_FOLLOWED.format(" and ".join(unheard)),) if unheard else (),
        through=found.through,
        model=spec.model,
        usage=NO_USAGE,
        created_at=datetime.now(UTC),
    )
