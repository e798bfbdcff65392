"""In which order an agent reads the options of a question, so that no option profits from its place.

The order depends on the seed, the agent and the metric alone: the same in every arm, step and round, whatever else is
asked. Schema, answers and results keep the order in which the study declares the options. An instrument may ask for one
order for everybody instead, to see what the order does.
"""

from collections.abc import Sequence
from hashlib import blake2b

from libs.contracts.instruments import Instrument

OptionOrders = dict[str, tuple[str, ...]]


def option_orders(instruments: Sequence[Instrument], seed: int, agent_id: str) -> OptionOrders:
    """The options of every choice and ranking, by metric, as this agent reads them."""
    return {instrument.name: _order(instrument, seed, agent_id) for instrument in instruments if instrument.options}


def _order(instrument: Instrument, seed: int, agent_id: str) -> tuple[str, ...]:
    if instrument.option_order is not None:
        return instrument.options if instrument.option_order == "declared" else instrument.options[::-1]
    return tuple(sorted(instrument.options, key=lambda option: _key(seed, agent_id, instrument.name, option)))


def _key(seed: int, *place: str) -> bytes:
    return blake2b("\x1f".join([str(seed), *place]).encode("utf-8", "surrogatepass"), digest_size=16).digest()
