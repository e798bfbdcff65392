"""Hybrid studies: people answer what a finished simulation asked, and both together speak of people."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import numpy as np
import pytest

from libs.contracts.catalogue import resolve
from libs.contracts.intervention import ArmsAssigned
from libs.contracts.orchestrator import SimulationState
from libs.contracts.validation import SimulationRectified
from libs.stats import rectified_cloned_difference
from services.validation.app import create_app
from services.validation.domain.hybrid import caveats_of, rectify
from services.validation.domain.people import Agent, Person
from services.validation.settings import Settings
from tests.services.intervention import build
from tests.services.validation.test_flow import SIMULATION, assigned, frozen
from tests.support.apps import eventually, running
from tests.support.peer import peer

PATH = f"/validation/{SIMULATION}/human-answers"
TRUST = resolve(["trust"])


def twins(n: int, others: int, noise: float, seed: int = 1) -> tuple[list[Person], list[Agent]]:
    """n people on a scale of 1 to 7, their agents two points lower, and agents of people who were not asked."""
    draw = np.random.default_rng(seed)
    opinion = draw.integers(3, 8, n + others)
    said = np.clip(np.round(opinion - 2 + draw.normal(0, noise, n + others)), 1, 7)
    people = [Person(f"p{place:03d}", "all", f"a{place}", None, {"trust": float(opinion[place])}) for place in range(n)]
    agents = [Agent(f"a{place}", "all", None, {"trust": float(value)}) for place, value in enumerate(said)]
    return people, agents


def test_the_bias_of_the_agents_is_taken_off_and_their_likeness_narrows_the_interval() -> None:
    people, agents = twins(60, 600, 0.3)
    [one] = rectify(TRUST, people, agents, None)
    assert one.value == pytest.approx(5.0, abs=0.15)
    assert one.interval[1] - one.interval[0] < 0.7 * (one.human_interval[1] - one.human_interval[0])
    assert one.effective_n > 120
    assert one.narrower > 0.3
    assert one.simulated_n == 600


def test_agents_that_are_like_nobody_add_nothing_and_more_of_them_will_not_make_it_truer() -> None:
    people, agents = twins(60, 600, 50)
    [one] = rectify(TRUST, people, agents, None)
    assert one.narrower < 0.05
    assert one.agents_help is False
    assert one.people_for_half is not None
    assert one.people_for_half > 150


def test_segments_predict_where_nobody_has_an_agent_of_their_own() -> None:
    draw = np.random.default_rng(2)
    mean = {"a": 2.0, "b": 6.0}
    said = [mean["ab"[n % 2]] + float(draw.integers(-1, 2)) for n in range(80)]
    people = [Person(f"p{n:03d}", "all", None, "ab"[n % 2], {"trust": value}) for n, value in enumerate(said)]
    agents = [Agent(f"a{n}", "all", "ab"[n % 2], {"trust": mean["ab"[n % 2]]}) for n in range(400)]
    [one] = rectify(TRUST, people, agents, None)
    assert one.narrower > 0.3
    alone = [Person(each.person_id, "all", None, None, each.answers) for each in people]
    [without] = rectify(TRUST, alone, agents, None)
    assert without.narrower == 0
    assert any("predicts the same for everybody" in caveat for caveat in caveats_of(alone, agents))


def test_people_of_other_segments_than_the_agents_are_pointed_out() -> None:
    people = [Person(f"p{n}", "all", None, "a", {"trust": 4.0}) for n in range(50)]
    agents = [Agent(f"a{n}", "all", "ab"[n % 2], {"trust": 4.0}) for n in range(200)]
    assert any("spread over segments unlike the agents" in caveat for caveat in caveats_of(people, agents))


def test_people_paired_with_agents_who_answered_nothing_are_counted_and_these_named() -> None:
    people, agents = twins(60, 100, 0.5)
    assert not any("answered nothing" in caveat for caveat in caveats_of(people, agents))
    strays = [Person(f"s{n}", "all", f"agent_9{n:03d}", None, {"trust": 4.0}) for n in range(7)]
    [told] = [one for one in caveats_of([*people, *strays], agents) if "answered nothing" in one]
    assert told.startswith("7 of the agents whom people are paired with")
    assert "(agent_9000, agent_9001, agent_9002, agent_9003, agent_9004, …)" in told


def test_order_changes_nothing_and_a_handful_of_people_nothing_either() -> None:
    people, agents = twins(60, 100, 0.5)
    assert rectify(TRUST, people, agents, None) == rectify(TRUST, people[::-1], agents[::-1], None)
    assert rectify(TRUST, people[:9], agents, None) == []


def test_of_a_share_there_have_to_be_five_of_either_kind_and_of_numbers_two_that_differ() -> None:
    def estimates(yes: int, metric: str = "open_rate", values: tuple[object, object] = (True, False)) -> int:
        said = [values[0 if n < yes else 1] for n in range(40)]
        people = [Person(f"p{n:02d}", "all", None, None, {metric: value}) for n, value in enumerate(said)]
        agents = [Agent(f"a{n}", "all", None, {metric: values[n % 2]}) for n in range(100)]
        return len(rectify(resolve([metric]), people, agents, None))

    assert [estimates(yes) for yes in (0, 4, 5, 35, 36, 40)] == [0, 0, 1, 1, 0, 0]
    assert [estimates(yes, "trust", (3.0, 4.0)) for yes in (0, 1, 40)] == [0, 1, 0]


def cloned(effect: float = 1.0, seed: int = 3) -> tuple[list[Person], list[Agent]]:
    """Agents who met both arms, whose effect is half of that of people; each person was asked in one arm."""
    draw = np.random.default_rng(seed)
    opinion, liking = draw.normal(4, 0.5, 400), draw.normal(effect, 0.5, 400)
    agents = [
        Agent(f"a{n}", arm, None, {"trust": float(opinion[n] - 1 + (arm == "b") * liking[n] / 2)})
        for n in range(400)
        for arm in "ab"
    ]
    said = [float(opinion[n] + (n % 2) * liking[n]) for n in range(80)]
    return [Person(f"p{n:03d}", "ab"[n % 2], f"a{n}", None, {"trust": said[n]}) for n in range(80)], agents


def test_agents_who_met_both_arms_predict_the_effect_and_not_only_the_means() -> None:
    scale = [TRUST[0].model_copy(update={"type": "numeric", "minimum": -5.0, "maximum": 12.0})]
    people, agents = cloned()
    [effect] = [one for one in rectify(scale, people, agents, "a") if one.baseline == "a"]
    assert effect.method.startswith("DiP++")
    assert effect.value == pytest.approx(1.0, abs=0.2)
    assert effect.narrower > 0.3
    assert effect.simulated_n == 320
    groups = [([p.answers["trust"] for p in people if p.arm == arm], arm) for arm in "ba"]
    value = {(one.agent_id, one.arm): one.answers["trust"] for one in agents}
    sides = [(given, [value[p.agent_id or "", arm] for p in people if p.arm == arm]) for given, arm in groups]
    rest = [f"a{n}" for n in range(80, 400)]
    theirs = rectified_cloned_difference(*sides, tuple([value[name, arm] for name in sorted(rest)] for arm in "ba"))
    assert theirs is not None
    assert (effect.value, effect.standard_error) == pytest.approx((theirs.value, theirs.standard_error))
    apart = [one for number, one in enumerate(agents) if number % 4 in {0, 3}]
    [other] = [one for one in rectify(scale, people, apart, "a") if one.baseline == "a"]
    assert other.method.startswith("PPI++")


def test_the_interval_of_a_rectified_effect_holds_the_effect_on_people() -> None:
    scale = [TRUST[0].model_copy(update={"type": "numeric", "minimum": -5.0, "maximum": 12.0})]
    held = 0
    for seed in range(100):
        [effect] = [one for one in rectify(scale, *cloned(seed=seed), "a") if one.baseline == "a"]
        held += effect.interval[0] <= 1.0 <= effect.interval[1]
    assert 88 <= held <= 99


def talked(seed: int) -> tuple[list[Person], list[Agent]]:
    """People whose agents talked in groups of ten, each of which came to a mind of its own; six groups were asked."""
    draw = np.random.default_rng(seed)
    opinion = np.clip(draw.normal(4, 1, 360), 1, 7)
    said = np.clip(opinion + np.repeat(draw.normal(0, 1, 36), 10) - 1, 1, 7)
    agents = [Agent(f"a{n}", "all", None, {"trust": float(said[n])}, f"group {n // 10}") for n in range(360)]
    return [Person(f"p{n:03d}", "all", f"a{n}", None, {"trust": float(opinion[n])}) for n in range(60)], agents


def test_an_agent_who_talked_is_no_prediction_for_one_person() -> None:
    held = 0
    for seed in range(100):
        [one] = rectify(TRUST, *talked(seed), None)
        held += one.interval[0] <= 4 <= one.interval[1]
    assert held >= 90
    assert any("agents heard each other" in told for told in caveats_of(*talked(1)))
    assert not any("agents heard each other" in told for told in caveats_of(*twins(60, 100, 0.5)))


@pytest.fixture
async def client(database_url: str, nats_url: str) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Settings(database_url=database_url, nats_url=nats_url))
    async with running("validation", app) as made:
        yield made


def person(number: int, **more: object) -> dict[str, object]:
    arm = ("a", "b")[number % 2]
    answers = {"open_rate": number % 3 == 0, "purchase_intent": 1 + number % 10}
    return {"person_id": f"p{number}", "arm": arm, "agent_id": f"agent_{number:04d}", "answers": answers, **more}


async def upload(client: httpx.AsyncClient, people: list[dict[str, object]], status: int = 201) -> Any:
    answer = await client.post(PATH, json={"answers": people, "source": "our panel"})
    assert answer.status_code == status, answer.text
    return answer.json()


async def simulate(client: httpx.AsyncClient, nats_url: str, state: SimulationState) -> None:
    people: ArmsAssigned = assigned()
    responses = list(build.responses_recorded(people, at=build.NOW + timedelta(seconds=5)))
    async with peer(nats_url) as others:
        for event in (build.simulation_created(SIMULATION, "int_1"), frozen(), people, *responses):
            await others.send(event.contract.service, event)
        await others.send("orchestrator", build.state_changed(SIMULATION, state, at=9))

    async def is_there() -> bool:
        card = (await client.get(f"/validation/{SIMULATION}/metrics")).json()
        return (card.get("state"), card.get("answered"), bool(card.get("plan_hash"))) == (state, 125, True)

    await eventually(is_there)


async def test_people_added_to_a_finished_simulation_make_its_estimates_grade_a(
    client: httpx.AsyncClient, nats_url: str
) -> None:
    await simulate(client, nats_url, SimulationState.COMPLETED)
    assert (await client.get(PATH)).status_code == 404
    made = await upload(client, [person(number) for number in range(1, 61)])
    assert (made["evidence_grade"], made["people"], made["revision"]) == ("A", 60, 1)
    means = {(one["metric"], one["arm"]): one for one in made["estimates"] if one["baseline"] is None}
    assert set(means) == {(metric, arm) for metric in ("open_rate", "purchase_intent") for arm in ("a", "b")}
    assert means["purchase_intent", "a"]["narrower"] > 0.1
    assert means["purchase_intent", "a"]["correlation"] == pytest.approx(1)
    [difference] = [one for one in made["estimates"] if one["baseline"] and one["metric"] == "open_rate"]
    assert (difference["arm"], difference["baseline"], difference["people_for_half"]) == ("b", "a", None)
    assert any("more people would halve the interval" in told for told in made["advice"])
    assert (made["added"], made["already_there"]) == (60, 0)
    estimates = {name: value for name, value in made.items() if name not in {"added", "already_there"}}
    assert (await client.get(PATH)).json() == estimates

    again = await upload(client, [person(number) for number in range(1, 61)])
    assert again == {**estimates, "added": 0, "already_there": 60}
    more = await upload(client, [person(number) for number in range(50, 101)])
    assert (more["people"], more["revision"]) == (100, 2)
    assert (more["added"], more["already_there"]) == (40, 11)
    async with peer(nats_url) as others:
        told = await others.published(SimulationRectified, 2)
    assert [event.revision for event in told] == [1, 2]
    entries = (await client.get("/validation/ledger", params={"simulator": "offline"})).json()["items"]
    assert {entry["origin"] for entry in entries} == {"hybrid"}
    assert any(entry["human_effect"] is not None for entry in entries)


async def test_answers_of_people_may_come_as_a_csv_file(client: httpx.AsyncClient, nats_url: str) -> None:
    await simulate(client, nats_url, SimulationState.COMPLETED)
    lines = [f"p{n},{'ab'[n % 2]},agent_{n:04d},{'yes' if n % 3 else 'no'},{1 + n % 10}" for n in range(1, 61)]
    text = "\n".join(["person_id,arm,agent_id,open_rate,purchase_intent", *lines])
    answer = await client.post(PATH, json={"csv": text, "source": "our panel"})
    assert answer.status_code == 201, answer.text
    [one] = [
        e for e in answer.json()["estimates"] if (e["metric"], e["arm"]) == ("open_rate", "a") and not e["baseline"]
    ]
    assert (one["n"], one["human_value"]) == (30, pytest.approx(2 / 3))


async def test_a_person_who_is_named_twice_is_refused_by_place_or_row(client: httpx.AsyncClient, nats_url: str) -> None:
    await simulate(client, nats_url, SimulationState.COMPLETED)
    [error] = (await upload(client, [person(1), person(2), person(1, answers={"open_rate": True})], 422))["errors"]
    assert error["field"] == "answers.2.person_id"
    assert "'p1' is answers.0 already" in error["message"]
    text = "person_id,arm,open_rate\np1,a,yes\np2,b,no\np1,b,no\n"
    answer = await client.post(PATH, json={"csv": text, "source": "our panel"})
    assert answer.status_code == 422
    assert "row 4: person_id: 'p1' is in row 2 already" in answer.json()["detail"]
    assert (await client.get(PATH)).status_code == 404


async def test_answers_that_do_not_fit_the_simulation_are_refused_by_name(
    client: httpx.AsyncClient, nats_url: str
) -> None:
    await simulate(client, nats_url, SimulationState.RUNNING)
    assert "has not ended" in (await upload(client, [person(1)], 409))["detail"]
    async with peer(nats_url) as others:
        await others.send("orchestrator", build.state_changed(SIMULATION, SimulationState.COMPLETED, at=19))

    async def is_over() -> bool:
        return (await client.post(PATH, json={"answers": [person(1, arm="z")], "source": "s"})).status_code == 422

    await eventually(is_over)
    for wrong, field, allowed in (
        (person(1, arm=None), "answers.0.arm", ["a", "b"]),
        (person(1, arm="z"), "answers.0.arm", ["a", "b"]),
        (person(1, answers={"mood": 1}), "answers.0.answers", ["open_rate", "click_through", "purchase_intent"]),
        (person(1, answers={"purchase_intent": 11}), "answers.0.answers.purchase_intent", ["a number from 1 to 10"]),
        (person(1, answers={"open_rate": "maybe"}), "answers.0.answers.open_rate", ["true", "false"]),
    ):
        [error] = (await upload(client, [wrong], 422))["errors"]
        assert (error["field"], error["allowed"]) == (field, allowed)
    faulty = await client.post(PATH, json={"csv": "person_id,arm,mood\np1,a,3\n", "source": "s"})
    assert faulty.json()["errors"][0]["allowed"] == ["open_rate", "click_through", "purchase_intent"]
    empty = await client.post(PATH, json={"csv": "person_id,arm\np1,a\n", "source": "s"})
    assert "no column of a metric beside person_id, arm" in empty.json()["detail"]
    few = await upload(client, [person(number) for number in range(1, 5)])
    assert few["estimates"] == []
    assert few["advice"] == ["no metric has ten people in an arm yet"]
