"""The scenario `schedules`: simulations under seeded deaths, duplicates and reorderings, each beside one left alone."""

import random
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import func, select

from chaos.fate import Fate, MortalDatabase
from chaos.scenario import Outcome, Scenario
from chaos.world import AGENTS, STEPS, Kind, World
from libs.bus.tables import OUTBOX
from libs.contracts.orchestrator import SimulationState, SimulationStateChanged
from libs.contracts.subjects import concrete
from services.orchestrator.domain.simulation import Simulation

MIGRATIONS = Path(__file__).parents[1] / "services" / "orchestrator" / "migrations"
DEATHS = 6
COMPARED = {"state", "arms", "planned", "answered", "failed", "usage", "next_step", "open_deliveries"}
LEGAL = {
    "draft": {"provisioning"},
    "provisioning": {"ready", "failed", "cancelled"},
    "ready": {"running", "paused", "completed", "analysing", "failed", "cancelled"},
    "running": {"ready", "paused", "analysing", "completed", "failed", "cancelled", "running"},
    "paused": {"running", "ready", "analysing", "completed", "failed", "cancelled"},
    "analysing": {"completed", "failed", "cancelled"},
}


@asynccontextmanager
async def database(directory: Path) -> AsyncIterator[MortalDatabase]:
    """An orchestrator's database whose process may die."""
    found = MortalDatabase(f"sqlite:///{directory}/orchestrator.db")
    await found.migrate(MIGRATIONS)
    try:
        yield found
    finally:
        await found.close()


def kind_of(seed: int) -> Kind:
    """What a seed makes of a simulation: half are interactive, half have a budget, a few are cancelled."""
    chance = random.Random(seed)
    calls = chance.randint(1, STEPS * AGENTS) if chance.random() < 0.5 else None
    return Kind(chance.random() < 0.5, calls, chance.random() < 0.1)


class Trials:
    """Simulations of many seeds over one database."""

    def __init__(self, mortal: MortalDatabase) -> None:
        self._database = mortal
        self._oracles: dict[bool, Simulation] = {}
        self.deaths: Counter[str] = Counter()
        self.states: Counter[str] = Counter()
        self.paid_twice = 0

    async def run(self, seed: int) -> list[str]:
        """What is wrong with the simulation of one seed; nothing, if all is well."""
        kind = kind_of(seed)
        oracle = await self._oracle(kind)
        before = await self._last()
        world = World(self._database, f"sim_{seed}", kind, Fate(seed, most=DEATHS, likelihood=0.03))
        await world.run()
        self.deaths += world.fate.deaths
        self.paid_twice += world.ledger.orphaned
        world.fate.left = 0
        simulation = await world.simulation()
        if simulation is None:
            return ["it was never created"]
        self.states[simulation.state] += 1
        return [
            *_wrong(world, simulation, oracle),
            *([f"deliveries are still open: {left}"] if (left := await world.open_deliveries()) else []),
            *await self._illegal(world.id, after=before),
        ]

    async def _oracle(self, kind: Kind) -> Simulation:
        """The simulation of this kind that nothing happens to."""
        if kind.is_interactive not in self._oracles:
            calm = Kind(kind.is_interactive, None, is_cancelled=False, is_disturbed=False)
            world = World(self._database, f"sim_calm_{kind.is_interactive}", calm, Fate(0, most=0, likelihood=0.0))
            await world.run()
            simulation = await world.simulation()
            if simulation is None or simulation.state is not SimulationState.COMPLETED:
                raise RuntimeError(f"a simulation that nothing happens to has to be complete: {simulation}")
            self._oracles[kind.is_interactive] = simulation
        return self._oracles[kind.is_interactive]

    async def _last(self) -> int:
        """The last message that was sent so far."""
        async with self._database.read() as tx:
            return (await tx.execute(select(func.max(OUTBOX.c.seq)))).scalar_one() or 0

    async def _illegal(self, simulation_id: str, *, after: int) -> list[str]:
        """Changes of state that may not be, or do not follow each other."""
        subject = concrete(SimulationStateChanged.contract, "default", simulation_id)
        async with self._database.read() as tx:
            bodies = (
                await tx.execute(
                    select(OUTBOX.c.body)
                    .where(OUTBOX.c.seq > after, OUTBOX.c.subject == subject)
                    .order_by(OUTBOX.c.seq)
                )
            ).scalars()
            changes = [SimulationStateChanged.model_validate_json(body) for body in bodies]
        before, found = "draft", []
        for change in changes:
            if change.previous != before or change.state not in LEGAL.get(before, set()):
                found.append(f"{before} was followed by {change.previous} → {change.state}")
            before = change.state
        return found


def _wrong(world: World, simulation: Simulation, oracle: Simulation) -> list[str]:
    """What does not hold at the end."""
    recorded = len(world.communication.recorded)
    is_whole = simulation.state is SimulationState.COMPLETED
    one, other = (each.model_dump(include=COMPARED) for each in (simulation, oracle))
    checks = {
        "it never came to rest": not world.deadlocked,
        f"it is {simulation.state}": is_whole or (world.kind.is_cancelled and simulation.state == "cancelled"),
        f"dead letters: {world.morgue.letters}": not world.morgue.letters,
        f"{recorded} turns are recorded": recorded == AGENTS * STEPS or not is_whole,
        f"it is {one}, left alone {other}": one == other or not is_whole,
        f"results were told to wait for {world.results.expected}": world.results.expected == {recorded} or not is_whole,
        f"{world.ledger.paid} calls were paid for": world.ledger.paid <= AGENTS * STEPS + world.ledger.orphaned,
        f"{world.ledger.orphaned} calls were paid twice": world.ledger.orphaned <= DEATHS,
    }
    return [problem for problem, holds in checks.items() if not holds]


async def failures_of(seeds: Sequence[int], directory: Path) -> tuple[Trials, list[str]]:
    """Run seeds; each failure with its seed."""
    async with database(directory) as mortal:
        trials = Trials(mortal)
        found = [f"seed {seed}: {problem}" for seed in seeds for problem in await trials.run(seed)]
    return trials, found


async def measure(seeds: int) -> Outcome:
    """Run so many seeds."""
    with tempfile.TemporaryDirectory() as directory:
        trials, found = await failures_of(range(1, seeds + 1), Path(directory))
    ends = ", ".join(f"{count} {state}" for state, count in sorted(trials.states.items()))
    deaths = ", ".join(f"{count} {point}" for point, count in sorted(trials.deaths.items()))
    return Outcome(f"{ends}; deaths: {deaths}; calls paid twice: {trials.paid_twice}", tuple(found))


SCENARIO = Scenario(
    name="schedules",
    criterion=(
        "under deaths at every commit, duplicates, any order, pauses, spent budgets and cancellations each simulation "
        "ends, equals the one that nothing happened to, has every turn once, leaves no delivery open and no dead "
        "letter, and pays twice only for what was in flight at a death"
    ),
    seeds=2_000,
    run=measure,
)
