"""What turns will take: the arithmetic, and the endpoint in front of it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from libs.contracts.estimates import Estimate, Ground, Quote, QuotedPrice, TurnsSpec
from libs.contracts.population import AgentsGenerated
from libs.contracts.protocol import Step
from libs.contracts.ranges import Range
from libs.contracts.turns import ChatMessage, TurnBatch, TurnRequest
from services.communication.domain.estimates import ENOUGH, Call, Observed, Prompted, Work, estimate
from tests.services.communication.parts import EMAIL, INSTRUMENTS, Stage, delivery, person, stage

PRICE = QuotedPrice(
    prompt_usd=2.0, cached_prompt_usd=0.5, completion_usd=10.0, valid_from=date(2026, 1, 1), source="their page"
)
STEP = Step(kind="deliver", step_id="touch-1", round=1, stimuli={"a": EMAIL, "b": EMAIL}, instruments=INSTRUMENTS)


def quote(**changes: Any) -> Quote:
    known: dict[str, Any] = {
        "model": "some-model",
        "is_free": False,
        "price": PRICE,
        "characters_per_token": Range.exactly(4),
        "counts_schema": False,
        "concurrency": 10,
        "latency_s": 2.0,
        "rpm": None,
        "tpm": None,
    }
    return Quote(**known | changes)


def asked(turns: int = 100, *, earlier: int = 0) -> Prompted:
    """Prompts of 4,000 shared characters and 400 of each person's own."""
    batch = TurnBatch(
        simulation_id="estimate",
        model="some-model",
        timeline_id="main",
        step_id="touch-1",
        round=1,
        seed=1,
        response_schema={"type": "object", "properties": {"yes": {"type": "boolean"}}},
        shared=(ChatMessage(role="system", content="s" * 4_000),),
        turns=tuple(
            TurnRequest(turn_id=str(n), agent_id=str(n), messages=(ChatMessage(role="user", content="p" * 400),))
            for n in range(5)
        ),
    )
    return Prompted(turns, (Call(batch, earlier),))


def spec(**changes: Any) -> TurnsSpec:
    body: dict[str, Any] = {"model": "some-model", "steps": (STEP,), "turns": {"a": 100}, "agents": (person(1),)}
    return TurnsSpec(**body | changes)


OBSERVED = [Observed(calls=1, completion_tokens=50 + n) for n in range(ENOUGH)]


def test_prompts_of_equal_length_are_known_exactly_but_for_repairs() -> None:
    found = estimate(spec(), [asked()], quote(), ())
    assert found.calls == Range(low=100, likely=100, high=110)
    assert (found.prompt_tokens.low, found.prompt_tokens.likely) == (110_000, 110_000)


def test_low_cost_has_the_shared_part_cached_and_high_cost_has_not() -> None:
    found = estimate(spec(), [asked()], quote(), OBSERVED).cost_usd
    cheapest, dearest = Observed(1, 50), Observed(1, 80)
    assert found is not None
    cached = (100_000 * 0.5 + 10_000 * 2 + 100 * cheapest.completion_tokens * 10) / 1e6
    full = (110_000 * 2 * 1.1 + 100 * dearest.completion_tokens * 10 * 1.1) / 1e6
    assert found.low == pytest.approx(cached, rel=0.05)
    assert found.high == pytest.approx(full, rel=0.05)


def test_earlier_turns_tell_how_long_replies_are_once_there_are_enough() -> None:
    few, many = (estimate(spec(), [asked()], quote(), OBSERVED[:number]) for number in (ENOUGH - 1, ENOUGH))
    assert many.completion_tokens.likely == 100 * (50 + (ENOUGH - 1) / 2)
    assert few.completion_tokens == estimate(spec(), [asked()], quote(), ()).completion_tokens


def test_repairs_that_were_observed_are_calls_to_come() -> None:
    repaired = [Observed(calls=2 if n % 2 else 1, completion_tokens=100) for n in range(ENOUGH)]
    assert estimate(spec(), [asked()], quote(), repaired).calls.likely == 150


def test_later_steps_carry_what_was_said_before() -> None:
    first, second = (estimate(spec(), [asked(earlier=number)], quote(), OBSERVED) for number in (0, 2))
    assert second.prompt_tokens.likely - first.prompt_tokens.likely == pytest.approx(2 * first.completion_tokens.likely)


def test_the_price_table_may_not_know_a_model_and_the_offline_model_is_free() -> None:
    assert estimate(spec(), [asked()], quote(price=None), ()).cost_usd is None
    assert estimate(spec(), [asked()], quote(price=None, is_free=True), ()).cost_usd == Range.exactly(0)


@pytest.mark.parametrize(
    ("changes", "least_s"),
    [({}, 20), ({"concurrency": 1}, 200), ({"rpm": 10}, 600), ({"tpm": 10_000}, 660), ({"latency_s": 20.0}, 200)],
)
def test_time_follows_what_the_endpoint_bears(changes: dict[str, Any], least_s: float) -> None:
    seconds = estimate(spec(), [asked()], quote(**changes), ()).seconds
    assert least_s <= seconds.likely <= 1.2 * least_s + 5
    assert seconds.low < seconds.likely < seconds.high


def test_every_figure_says_what_it_rests_on() -> None:
    for observed in ((), OBSERVED):
        for offer in (quote(), quote(price=None, latency_s=None), quote(is_free=True, price=None)):
            grounds = {ground.figure for ground in estimate(spec(), [asked()], offer, observed).rests_on}
            assert grounds == {"turns", "calls", "prompt_tokens", "completion_tokens", "cost_usd", "seconds"}


def test_what_an_engine_takes_besides_is_time_of_the_turns_and_says_so() -> None:
    known = Ground(figure="seconds", kind="measured", says="importing it")
    work = Work("two", start_s=Range.exactly(5), turn_s=Range.exactly(0.05), grounds=(known,))
    usual, slow = (estimate(spec(), [asked()], quote(), (), *one) for one in ((), (work,)))
    assert slow.seconds.likely - usual.seconds.likely == pytest.approx(5 + 100 * 0.05)
    assert known in slow.rests_on
    assert "two; up to a tenth are repaired" in {ground.says for ground in slow.rests_on}


def test_a_turn_of_several_calls_has_all_of_them_and_later_prompts_carry_earlier_replies() -> None:
    [call] = asked().calls
    one, two = asked(), Prompted(100, (call, replace(call, replies=1, further=Range.exactly(8_000))))
    single, both = (estimate(spec(), [part], quote(), ()) for part in (one, two))
    assert (both.turns, both.calls.likely) == (100, 200)
    assert both.completion_tokens.likely == pytest.approx(2 * single.completion_tokens.likely, abs=1)
    carried = 100 * 2_000 + single.completion_tokens.likely
    assert both.prompt_tokens.likely == pytest.approx(2 * single.prompt_tokens.likely + carried, abs=100)
    seen = estimate(spec(), [two], quote(), [Observed(calls=2, completion_tokens=120)] * ENOUGH)
    assert (seen.calls.likely, seen.completion_tokens.likely) == (200, 100 * 120)


@pytest.fixture
async def service(nats_url: str, database_url: str) -> AsyncIterator[Stage]:
    async with stage(nats_url, database_url) as around:
        yield around


async def test_turns_of_the_model_that_were_taken_here_are_what_is_observed(service: Stage) -> None:
    body = spec(model="offline", turns={"a": 30}).model_dump(mode="json")
    before = await service.client.post("/communications/estimate", json=body)
    await service.population(ENOUGH)
    await service.simulation(intervention_id="int_1")
    await service.send("orchestrator", delivery(ENOUGH))
    await service.completed()
    after = await service.client.post("/communications/estimate", json=body)
    kinds = [
        {ground["figure"]: ground["kind"] for ground in answer.json()["rests_on"]}["completion_tokens"]
        for answer in (before, after)
    ]
    assert kinds == ["assumed", "observed"]
    assert after.json()["completion_tokens"]["likely"] == 30 * 80


async def test_turns_of_tinytroupe_are_estimated_as_they_were_measured_whether_or_not_the_library_is_here(
    service: Stage,
) -> None:
    """Measured in the platform: 2 calls and 7,018 prompt tokens, of 4 characters, for a turn with one question."""
    step = Step(kind="measure", step_id="ask", round=1, stimuli={}, instruments=INSTRUMENTS[-1:])
    drawn = AgentsGenerated.model_validate_json(Path("schemas/examples/agents-generated.v1.json").read_bytes())
    body = spec(model="offline", engine="tinytroupe", steps=(step,), agents=drawn.agents)
    answer = await service.client.post("/communications/estimate", json=body.model_dump(mode="json"))
    assert answer.status_code == 200, answer.text
    found = Estimate.model_validate(answer.json())
    assert (found.turns, found.calls) == (100, Range.exactly(200))
    assert found.prompt_tokens.low < 100 * 7_018 < found.prompt_tokens.high
    assert found.prompt_tokens.likely == pytest.approx(100 * 7_018, rel=0.05)
    assert found.seconds.low > 3.8 + 100 * 0.03
    sources = " ".join(ground.says for ground in found.rests_on if ground.kind == "measured")
    assert "TinyTroupe 0.6.0, 2026-11-28" in sources


@pytest.mark.parametrize(
    ("change", "field"),
    [({"model": "no-such-model"}, "model"), ({"turns": {"a": 0}}, "turns")],
)
async def test_what_cannot_be_estimated_is_refused(service: Stage, change: dict[str, Any], field: str) -> None:
    answer = await service.client.post("/communications/estimate", json=spec().model_dump(mode="json") | change)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
