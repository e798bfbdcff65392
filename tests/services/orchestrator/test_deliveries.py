"""How the agents of a step are divided into deliveries."""

from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.domain.deliveries import DELIVERY_SIZE, deliveries_for, divided

sizes = st.lists(st.integers(min_value=1, max_value=150), max_size=12)


def groups_of(sizes: list[int]) -> dict[str, tuple[str, ...]]:
    return {f"g{number}": tuple(f"g{number}-{index}" for index in range(size)) for number, size in enumerate(sizes)}


@given(sizes, st.booleans())
def test_everybody_is_in_exactly_one_delivery_and_in_order(sizes: list[int], together: bool) -> None:
    groups = groups_of(sizes)
    blocks = divided(groups, together=together)
    everybody = [agent for block in blocks for members in block.values() for agent in members]
    assert everybody == [agent for members in groups.values() for agent in members]
    assert all(0 < sum(map(len, block.values())) <= DELIVERY_SIZE for block in blocks)


@given(sizes)
def test_a_group_that_fits_into_a_delivery_is_never_divided(sizes: list[int]) -> None:
    groups = groups_of(sizes)
    blocks = divided(groups, together=True)
    for group_id, members in groups.items():
        parts = [block[group_id] for block in blocks if group_id in block]
        assert parts == [members] or len(members) > DELIVERY_SIZE


@given(sizes)
def test_who_is_alone_fills_deliveries(sizes: list[int]) -> None:
    assert len(divided(groups_of(sizes), together=False)) == deliveries_for(sum(sizes))
