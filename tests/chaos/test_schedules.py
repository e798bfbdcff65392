"""The process manager under seeded schedules: what `make chaos` does with 2,000 seeds, with 60."""

from pathlib import Path

import pytest

from chaos.fate import Fate
from chaos.schedules import Trials, database, failures_of, kind_of
from chaos.world import AGENTS, STEPS, Kind, World
from libs.contracts.orchestrator import SimulationState
from services.orchestrator.service.dispatch import Dispatch

SEEDS = 60


@pytest.mark.timeout(300)
async def test_whatever_dies_comes_twice_or_in_another_order_every_simulation_ends_as_if_nothing_had_happened(
    tmp_path: Path,
) -> None:
    trials, failures = await failures_of(range(1, SEEDS + 1), tmp_path)
    assert failures == []
    assert trials.states.total() == SEEDS
    assert trials.states["completed"] > SEEDS / 2 > trials.states["cancelled"] > 0
    assert len(trials.deaths) == 6, f"every point at which something may die was one: {trials.deaths}"
    assert 0 < trials.paid_twice <= trials.deaths["after a reply of the model, before it is in the ledger"]


async def test_a_schedule_is_its_seed_s(tmp_path: Path) -> None:
    async def schedule(label: str) -> object:
        async with database(tmp_path / label) as mortal:
            world = World(mortal, "sim_same", kind_of(3), Fate(3, most=6, likelihood=0.03))
            await world.run()
            return world.fate.deaths, world.ledger.paid, world.fate.random.random()

    assert await schedule("one") == await schedule("other")


async def test_a_pause_that_forgets_to_send_again_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scenario can fail: without the second sending, what a spent budget recalled never comes back."""

    async def forget(*_: object) -> None:
        return None

    monkeypatch.setattr(Dispatch, "deliver_again", forget)
    async with database(tmp_path) as mortal:
        kind = Kind(is_interactive=False, calls=AGENTS * STEPS // 2, is_cancelled=False, is_disturbed=False)
        world = World(mortal, "sim_1", kind, Fate(1, most=0, likelihood=0.0))
        await world.run()
        simulation = await world.simulation()
    assert simulation is not None
    assert simulation.state is SimulationState.RUNNING
    assert len(world.communication.recorded) < AGENTS * STEPS


async def test_a_message_handled_twice_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scenario can fail: without the inbox and the count of deliveries, turns are counted twice."""
    from services.orchestrator.store import Store

    async def always_open(*_: object) -> str:
        return "open"

    monkeypatch.setattr(Store, "complete_delivery", always_open)
    async with database(tmp_path) as mortal:
        trials = Trials(mortal)
        found = [problem for seed in range(1, 9) for problem in await trials.run(seed)]
    assert found
