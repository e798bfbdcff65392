"""Which calls a budget allows: made, waiting for others to be settled, or refused and why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.models.domain.budgets import Amount, Balance, Cap, decide

CALL = Amount(0.01, 100, 1)


def balance(cap: Cap, spent: Amount = Amount(), reserved: Amount = Amount(), simulation_id: str = "sim_1") -> Balance:
    return Balance(simulation_id, cap, spent, reserved)


def calls(count: int, amount: Amount = CALL) -> list[tuple[str, Amount]]:
    return [(f"call_{place}", amount) for place in range(count)]


@pytest.mark.parametrize("cap", [Cap(cost_usd=0.035), Cap(tokens=399), Cap(calls=3)])
def test_calls_are_made_as_far_as_the_budget_goes_and_the_others_wait_for_what_is_reserved(cap):
    decision = decide(calls(5), [balance(cap)])
    assert (len(decision.made), len(decision.waiting), decision.refused) == (3, 2, {})


@pytest.mark.parametrize(
    ("cap", "reason"),
    [
        (Cap(cost_usd=0.035), "0.0350 USD: 0.0300 USD are spent, and the next call may take 0.0100 USD"),
        (Cap(tokens=399), "399 tokens: 300 tokens are spent, and the next call may take 100 tokens"),
        (Cap(calls=3), "3 call(s): 3 call(s) are spent, and the next call may take 1 call(s)"),
    ],
)
def test_a_call_is_refused_when_it_would_not_fit_in_whatever_the_others_come_to(cap, reason):
    decision = decide(calls(2), [balance(cap, spent=Amount(0.03, 300, 3))])
    assert (decision.made, decision.waiting) == ([], [])
    assert decision.refused["call_1"] == f"the budget of simulation 'sim_1' is {reason}"


def test_the_budget_of_the_tenant_holds_for_each_of_its_simulations():
    tenant = balance(Cap(calls=10), spent=Amount(calls=10), simulation_id="")
    decision = decide(calls(1), [balance(Cap()), tenant])
    assert "the budget of the tenant is 10 call(s)" in decision.refused["call_0"]


def test_without_a_cap_everything_is_made():
    assert len(decide(calls(500), [balance(Cap(), spent=Amount(1e6, 10**12, 10**9))]).made) == 500


def test_a_small_call_is_made_where_a_large_one_is_refused():
    wanted = [("large", Amount(tokens=1_000)), ("small", Amount(tokens=10))]
    decision = decide(wanted, [balance(Cap(tokens=500))])
    assert (decision.made, list(decision.refused)) == (["small"], ["large"])


amounts = st.builds(Amount, st.floats(0, 10), st.integers(0, 1_000), st.just(1))


@given(st.lists(amounts, max_size=30), amounts, amounts, st.floats(0, 30), st.integers(0, 3_000))
def test_what_is_spent_and_reserved_never_exceeds_the_cap_unless_it_did_before(wanted, spent, reserved, usd, tokens):
    before = balance(Cap(usd, tokens), spent, reserved)
    decision = decide([(str(place), amount) for place, amount in enumerate(wanted)], [before])
    after = before
    for key in decision.made:
        after = after.reserving(wanted[int(key)])
    assert not decision.made or after.exceeded(after.spent.plus(after.reserved)) is None
    assert len(decision.made) + len(decision.waiting) + len(decision.refused) == len(wanted)
