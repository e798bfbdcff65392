"""Prices by date, waiting times, and what settings refuse."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.models.app import PRICES, create_app
from services.models.domain.calls import Spent
from services.models.domain.prices import BatchFactor, Price, PriceTable, cost_usd
from services.models.domain.retries import REMEMBERED, Bidding, RetryBudget, delay_s
from services.models.settings import Settings
from tests.services.models.batches import batch, send

TODAY = date(2026, 11, 22)


def _price(model: str, valid_from: str, prompt_usd: float) -> Price:
    return Price(
        model=model,
        valid_from=date.fromisoformat(valid_from),
        prompt_usd=prompt_usd,
        cached_prompt_usd=prompt_usd / 10,
        completion_usd=prompt_usd * 4,
        source="test",
    )


TABLE = PriceTable(as_of=TODAY, prices=[_price("m", "2026-01-01", 2.0), _price("m", "2026-06-01", 1.0)])


@pytest.mark.parametrize(
    ("model", "on", "prompt_usd"),
    [
        ("m", "2026-05-31", 2.0),
        ("m", "2026-06-01", 1.0),
        ("m-2026-03-04", "2026-11-22", 1.0),
        ("m-20260304", "2026-11-22", 1.0),
        ("vendor/m", "2026-11-22", 1.0),
    ],
)
def test_the_price_in_force_is_used(model, on, prompt_usd):
    price = TABLE.price(model, date.fromisoformat(on))
    assert price is not None
    assert price.prompt_usd == prompt_usd


@pytest.mark.parametrize(("model", "on"), [("m", "2025-12-31"), ("m-mini", "2026-11-22"), ("", "2026-11-22")])
def test_a_model_that_is_not_in_the_table_has_no_price(model, on):
    assert TABLE.price(model, date.fromisoformat(on)) is None


def test_cached_prompt_tokens_cost_less():
    price = TABLE.price("m", TODAY)
    assert cost_usd(price, Spent(1_000_000, 0, 0), 0.5) == pytest.approx(1.0)
    assert cost_usd(price, Spent(1_000_000, 1_000_000, 0), 0.5) == pytest.approx(0.1)
    assert cost_usd(price, Spent(10, 999, 1_000_000), 0.5) == pytest.approx(4.0, abs=1e-4)


def test_the_table_that_is_shipped_is_well_formed():
    table = PriceTable.model_validate_json(PRICES.read_bytes())
    assert all(price.cached_prompt_usd <= price.prompt_usd for price in table.prices)
    assert table.price("text-embedding-3-small", table.as_of) is not None
    assert table.batch_factor(table.as_of) == 0.5


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"prompt_usd": -1.0}, "prompt_usd"),
        ({"completion_usd": float("nan")}, "completion_usd"),
        ({"source": ""}, "source"),
        ({"price": 1}, "price"),
        ({"valid_from": "2027-01-01"}, "'m' has a price from a day after as_of"),
    ],
)
def test_a_table_that_is_not_well_formed_is_refused(changes, reason):
    row = _price("m", "2026-01-01", 1.0).model_dump(mode="json")
    with pytest.raises(ValidationError, match=reason):
        PriceTable.model_validate({"as_of": "2026-11-22", "prices": [row | changes]})


def test_two_prices_from_the_same_day_are_refused():
    with pytest.raises(ValidationError, match="'m' has two prices from 2026-01-01"):
        PriceTable(as_of=TODAY, prices=[_price("m", "2026-01-01", 2.0), _price("m", "2026-01-01", 1.0)])


def test_a_batch_job_costs_its_part_from_its_day_on():
    factor = BatchFactor(valid_from=date(2026, 6, 1), factor=0.5, source="test")
    table = TABLE.model_copy(update={"batch_factors": [factor]})
    batched = [Spent(prompt_tokens=1_000_000, is_batched=True), Spent(prompt_tokens=1_000_000)]
    assert table.cost_usd("m", batched, date(2026, 6, 1)) == pytest.approx(0.5 + 1.0)
    assert table.cost_usd("m", batched, date(2026, 5, 31)) == pytest.approx(2.0 + 2.0)
    assert table.cost_usd("other", batched, TODAY) is None


async def test_an_operators_prices_go_before_those_that_are_shipped(start_with_provider, tmp_path):
    file = tmp_path / "prices.yaml"
    row = _price("gpt-5-mini", "2026-01-01", 100.0).model_dump(mode="json")
    file.write_text(json.dumps({"as_of": "2026-11-22", "prices": [row]}))
    async with start_with_provider(prices_file=file) as client:
        (reply,) = await send(client, batch(1, model="gpt-5-mini"))
    assert reply.usage.cost_usd == pytest.approx((1_000 * 100.0 + 100 * 400.0) / 1e6)


def test_an_operators_prices_that_cannot_be_read_are_refused_by_name(tmp_path):
    file = tmp_path / "prices.yaml"
    file.write_text("as_of: 2026-11-22\nprices: [{model: m, prize: 3}]")
    with pytest.raises(ValueError, match=r"prices_file .*prices\.0\.prize: is not a field here"):
        create_app(Settings(database_url=f"sqlite:///{tmp_path}/m.db", prices_file=file))


def test_jitter_is_spread_over_the_whole_delay():
    delays = [delay_s(3, None) for _ in range(200)]
    assert 0.0 <= min(delays) < 0.4
    assert 1.6 < max(delays) <= 2.0


@pytest.mark.parametrize(("asked_s", "waited_s"), [(7.0, 7.0), (0.0, 0.0), (60.0, 60.0), (61.0, None)])
def test_what_the_server_asks_for_is_waited_unless_it_is_more_than_a_minute(asked_s, waited_s):
    assert delay_s(1, asked_s) == waited_s


@pytest.mark.parametrize(("calls", "allowed"), [(1, 3), (5, 3), (15, 3), (19, 3), (20, 4), (50, 10), (1_000, 200)])
def test_there_is_a_retry_for_every_five_calls_but_at_least_three(calls, allowed):
    budget = RetryBudget()
    for _ in range(calls):
        budget.deposit("sim")
    assert [budget.withdraw("sim") for _ in range(allowed + 2)] == [True] * allowed + [False] * 2
    assert budget.retries == allowed


def test_a_call_comes_again_as_it_is_told_only_for_so_long_and_ever_more_seldom():
    bidding = Bidding(longest_s=300.0)
    assert not bidding.holds(0.0)
    waits = [bidding.heard(float(second)) for second in range(200)]
    assert bidding.holds(300.0)
    assert not bidding.holds(300.1)
    assert waits[0] <= 0.5
    assert 5.0 < sum(waits[10:]) / len(waits[10:]) < 15.0


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=200))
def test_requests_are_at_no_time_more_than_a_fifth_above_calls_of_a_simulation_and_of_all(events):
    budget, calls, requests = RetryBudget(), [0] * 4, [0] * 4
    for simulation, is_retry in events:
        if is_retry:
            requests[simulation] += budget.withdraw(str(simulation))
        else:
            budget.deposit(str(simulation))
            calls[simulation] += 1
            requests[simulation] += 1
        for asked, made in [*zip(calls, requests, strict=True), (sum(calls), sum(requests))]:
            assert made <= max(1.2 * asked, asked + 3)


def test_what_went_well_for_others_before_does_not_multiply_an_outage():
    budget = RetryBudget()
    for _ in range(10_000):
        budget.deposit("earlier")
    for _ in range(50):
        budget.deposit("now")
    assert sum(budget.withdraw("now") for _ in range(1_000)) == 10


def test_the_budgets_of_simulations_long_gone_are_forgotten_but_not_the_one_of_all():
    budget = RetryBudget()
    for number in range(3 * REMEMBERED):
        budget.deposit(str(number))
    assert len(budget._by_share) == REMEMBERED
    assert sum(budget.withdraw(str(number)) for number in range(3 * REMEMBERED)) == 3 * REMEMBERED // 5


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"upstream_url": "https://host/v1"}, "upstream_models"),
        ({"upstream_models": "m"}, "upstream_url"),
        ({"upstream_url": "ftp://host", "upstream_models": "m"}, "upstream_url"),
        ({"concurrency": 0}, "concurrency"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given, field):
    with pytest.raises(ValidationError, match=field):
        Settings(**given)


def test_an_upstream_model_cannot_take_the_name_of_the_offline_one(tmp_path):
    settings = Settings(
        database_url=f"sqlite:///{tmp_path}/m.db", upstream_url="https://host/v1", upstream_models="offline"
    )
    with pytest.raises(ValueError, match="built in"):
        create_app(settings)


def test_settings_are_read_from_the_environment_and_hide_the_key(monkeypatch):
    for name, value in {"UPSTREAM_URL": "https://host/v1", "UPSTREAM_MODELS": "a, b,a", "API_KEY": "sk-1"}.items():
        monkeypatch.setenv(f"REHEARSAL_MODELS_{name}", value)
    settings = Settings()
    (endpoint,) = settings.endpoints
    assert endpoint.names == ("a", "b")
    assert settings.key_of(endpoint).get_secret_value() == "sk-1"
    assert "sk-1" not in repr(settings)
