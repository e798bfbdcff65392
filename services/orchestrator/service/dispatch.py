"""Sends the deliveries of a step: some at a time, so that it does not matter how many agents there are, and the arms
abreast, so that a step that ends early has answers of each.

A delivery is known by its place among those of its arm, so a step that is sent again has the same ones.
"""

from collections.abc import AsyncIterator
from itertools import zip_longest
from typing import NamedTuple

from libs.contracts.ids import ONLY_ARM, derived_id
from libs.contracts.protocol import Step
from libs.db import Transaction
from services.orchestrator.domain.deliveries import DELIVERY_SIZE, Groups, divided, size_for
from services.orchestrator.domain.process import sizes_of
from services.orchestrator.domain.simulation import Simulation
from services.orchestrator.events import Events
from services.orchestrator.store import Store


class Delivery(NamedTuple):
    """Whom a delivery is for."""

    delivery_id: str
    arm: str
    groups: Groups


class Dispatch:
    """What the orchestrator has delivered."""

    def __init__(self, store: Store, events: Events) -> None:
        self._store = store
        self._events = events

    async def deliver(self, tx: Transaction, simulation: Simulation, step: Step) -> None:
        """Begin a step: announce it, note its deliveries as open and send them."""
        planned = {arm: size.agents for arm, size in sizes_of(simulation, step).items()}
        await self._events.step_started(tx, simulation, step, planned)
        async for opened in self._deliveries(tx, simulation, step):
            await self._send(tx, simulation, step, opened)
            await self._store.open_deliveries(tx, simulation.simulation_id, [one.delivery_id for one in opened])

    async def deliver_again(self, tx: Transaction, simulation: Simulation, step: Step) -> None:
        """Send again what is open of a step."""
        still_open = await self._store.find_open_deliveries(tx, simulation.simulation_id)
        async for found in self._deliveries(tx, simulation, step):
            await self._send(tx, simulation, step, [one for one in found if one.delivery_id in still_open])

    async def _send(self, tx: Transaction, simulation: Simulation, step: Step, deliveries: list[Delivery]) -> None:
        for one in deliveries:
            await self._events.deliver(tx, simulation, step, one.arm, one.delivery_id, one.groups)

    async def _deliveries(self, tx: Transaction, simulation: Simulation, step: Step) -> AsyncIterator[list[Delivery]]:
        if step.audience_id is not None:
            groups = await self._store.get_audience(tx, simulation.simulation_id, step.audience_id)
            yield _divided(simulation, step, ONLY_ARM, groups, DELIVERY_SIZE, first=0)
            return
        arms = [*filter(step.is_for, sorted(simulation.arms))]
        sizes = {arm: size_for(simulation.arms[arm], simulation.largest_delivery) for arm in arms}
        last, places = dict.fromkeys(arms, ""), dict.fromkeys(arms, 0)
        while True:
            by_arm: list[list[Delivery]] = []
            for arm in arms:
                agent_ids = await self._store.agents_of(tx, simulation.simulation_id, arm, last[arm])
                found = _divided(simulation, step, arm, {arm: tuple(agent_ids)}, sizes[arm], first=places[arm])
                places[arm] += len(found)
                last[arm] = agent_ids[-1] if agent_ids else last[arm]
                by_arm.append(found)
            if not any(by_arm):
                return
            yield [one for abreast in zip_longest(*by_arm) for one in abreast if one is not None]


def _divided(simulation: Simulation, step: Step, arm: str, groups: Groups, size: int, *, first: int) -> list[Delivery]:
    """The deliveries of some agents of an arm; `first` is the place of the first one."""
    blocks = divided(groups, together=step.conversation is not None, size=size)
    return [
        Delivery(str(derived_id("delivery", simulation.simulation_id, step.step_id, arm, place)), arm, block)
        for place, block in enumerate(blocks, start=first)
    ]
