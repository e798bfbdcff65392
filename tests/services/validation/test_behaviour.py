"""How agents behaved: what rules and answers show, and what a language model finds as judge and interviewer."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from libs.contracts.catalogue import resolve
from libs.contracts.comparisons import BehaviourSpec
from libs.contracts.errors import InvalidError
from libs.contracts.instruments import Answer as Given
from libs.contracts.people import Agent
from libs.contracts.population import AgentsGenerated
from libs.contracts.protocol import NO_USAGE
from libs.contracts.specs import MetricSpec
from libs.minds.correction import rule_scores
from services.models.app import create_app as create_models
from services.models.settings import Settings as ModelsSettings
from services.validation.app import create_app
from services.validation.domain.behaviour.answers import option_order
from services.validation.domain.behaviour.conduct import CHECKS, conduct, judged_turns
from services.validation.domain.behaviour.report import BehaviourReport, behaviour_report
from services.validation.domain.records import Said, Simulation, Turn
from services.validation.settings import Settings
from tests.services.intervention import build
from tests.services.models.stub import Answer, Stub, completion, serving
from tests.services.validation.test_flow import SIMULATION, assigned, frozen
from tests.support.apps import eventually, running
from tests.support.migrated import sqlite_database
from tests.support.peer import peer

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SCALES = [
    MetricSpec.model_validate({"name": name, "type": "ordinal", "scale": [1, 5], "question": f"{name}?"})
    for name in ("like", "dislike", "like_again", "fair")
]
PICK = MetricSpec.model_validate({"name": "pick", "type": "choice", "options": ["A", "B", "C"], "question": "Which?"})
ASKED = resolve([*SCALES, PICK])
PATH = "/validation/agent-behavior"


WORDS = ("soup", "bread", "wine", "oil", "salt", "rice", "fish")


def turn(number: int, answers: dict[str, Given], *, round_: int = 1, segment: str | None = None, **said: Any) -> Turn:
    words = f"I would rather have {WORDS[number % 7]} with {WORDS[number // 7 % 7]}, {number * 7} times a year."
    return Turn(
        agent_id=f"a{number:03d}",
        arm="all",
        timeline_id="main",
        step_id=f"step-{round_}",
        round=round_,
        is_answered=True,
        failure=None,
        text_digest=None,
        answers=answers,
        usage=NO_USAGE,
        responded_at=NOW + timedelta(minutes=round_),
        segment=segment,
        said=Said.model_validate({"response": words, **said}),
    )


def report(turns: list[Turn], **spec: Any) -> BehaviourReport:
    simulation = Simulation(SIMULATION, "Test", "m", None, None, None, "pop_1", ASKED)
    asked = BehaviourSpec.model_validate({"simulation_id": SIMULATION, **spec})
    scored = [(one, rule_scores(judged, CHECKS)) for one, judged in judged_turns(turns, {}, ASKED)]
    return behaviour_report(asked, simulation, turns, conduct(scored), [], judged_by="rules", usage=NO_USAGE)


def status(found: BehaviourReport) -> dict[str, str]:
    return {check.name: check.status for check in found.checks}


def varied(n: int = 60) -> list[Turn]:
    """People who differ: what they like and what they find fair are independent; dislike is the opposite of like."""
    draw, turns = np.random.default_rng(1), []
    for number in range(n):
        like, fair = float(draw.integers(1, 6)), float(draw.integers(1, 6))
        again = float(np.clip(like + draw.integers(-1, 2), 1, 5))
        answers: dict[str, Given] = {"like": like, "dislike": 6 - like, "like_again": again, "fair": fair}
        answers["pick"] = "ABC"[int(draw.integers(0, 3))]
        orders = {"pick": [str(one) for one in draw.permutation(["A", "B", "C"])]}
        turns.append(turn(number, answers, option_orders=orders))
    return turns


PAIRS: dict[str, Any] = {"reverse_keyed": [["like", "dislike"]], "repeated": [["like", "like_again"]]}


def test_people_who_differ_and_agree_with_themselves_pass() -> None:
    found = report(varied(), **PAIRS)
    assert set(status(found).values()) <= {"pass", "not_enough_data"}
    reversed_, repeated = found.consistency
    assert (reversed_.disagreement, reversed_.contradictions, reversed_.yes_saying) == (0, 0, pytest.approx(0))
    assert repeated.contradictions == 0
    assert found.collapse.coverage == 1
    assert found.collapse.same_words == 0
    assert found.caveat.startswith("How agents behave")


def test_agreeing_with_an_item_and_its_opposite_is_yes_saying_and_a_contradiction() -> None:
    turns = [turn(number, {"like": 5.0, "dislike": 5.0 - number % 2}) for number in range(60)]
    found = report(turns, reverse_keyed=[["like", "dislike"]])
    [pair] = found.consistency
    assert pair.yes_saying == pytest.approx(0.44, abs=0.01)
    assert pair.yes_saying_interval is not None
    assert pair.yes_saying_interval[0] > 0.4
    assert (status(found)["contradictions"], status(found)["yes_saying"]) == ("fail", "fail")


def test_the_interval_of_yes_saying_is_of_groups_where_agents_heard_each_other() -> None:
    like = [float(1 + (number // 10) % 5) for number in range(100)]
    alone = [turn(number, {"like": value, "dislike": 4.0}) for number, value in enumerate(like)]
    groups = [replace(one, cluster_id=f"group {place // 10}") for place, one in enumerate(alone)]
    [apart], [together] = (report(turns, reverse_keyed=[["like", "dislike"]]).consistency for turns in (alone, groups))
    assert apart.yes_saying_interval is not None
    assert together.yes_saying_interval is not None
    assert together.yes_saying == pytest.approx(apart.yes_saying)
    assert np.ptp(together.yes_saying_interval) > 3 * np.ptp(apart.yes_saying_interval)


def test_only_scales_of_the_simulation_can_be_paired() -> None:
    for pair in (["like", "mood"], ["like", "pick"]):
        with pytest.raises(InvalidError) as refused:
            report(varied(5), reverse_keyed=[pair])
        assert refused.value.errors[0].allowed == ("dislike", "fair", "like", "like_again")


def test_choosing_what_stands_first_is_found_whatever_it_is() -> None:
    orders = [["A", "B", "C"], ["B", "C", "A"], ["C", "A", "B"]]
    turns = [turn(n, {"pick": orders[n % 3][0]}, option_orders={"pick": orders[n % 3]}) for n in range(60)]
    found = report(turns)
    [order] = found.option_order
    assert (order.first, order.last, order.expected) == (1, 0, pytest.approx(1 / 3))
    assert status(found)["option_order"] == "fail"
    assert status(report(turns[:12]))["option_order"] == "not_enough_data"


def test_choosing_the_same_several_times_is_not_choosing_a_place_several_times() -> None:
    """Agents choose at random, and each of them the same whenever it is asked."""
    draw, found = np.random.default_rng(6), list[float]()
    for _ in range(100):
        chosen = [("ABC"[draw.integers(3)], draw.permutation(["A", "B", "C"]).tolist()) for _ in range(30)]
        turns = [
            turn(number, {"pick": pick}, round_=round_, option_orders={"pick": order})
            for number, (pick, order) in enumerate(chosen)
            for round_ in range(1, 6)
        ]
        [place] = option_order(turns, {one.name: one for one in ASKED})
        assert place.agents == 30
        found.append(place.p_value or 0.0)
    assert sum(p < 0.05 for p in found) <= 10


def test_agents_of_one_voice_and_one_attitude_are_a_collapsed_population() -> None:
    answers = [
        {"like": 3.0 + n % 2, "dislike": 3.0 - n % 2, "like_again": 3.0 + n % 2, "fair": 3.0 + n % 2} for n in range(60)
    ]
    found = report(
        [turn(n, dict(given), response="I think it is quite good value.") for n, given in enumerate(answers)]
    )
    assert found.collapse.same_words == 1
    assert found.collapse.coverage == pytest.approx(0.4, abs=0.01)
    assert found.collapse.complexity == pytest.approx(0.25)
    assert found.collapse.distinct_profiles == pytest.approx(2 / 60)
    assert {status(found)[name] for name in ("same_words", "coverage", "complexity")} <= {"fail", "warn"}


def test_segments_that_answer_differently_are_explained_by_their_personas() -> None:
    by_segment = [turn(n, {"like": 1.0 + 4 * (n % 2)}, segment="ab"[n % 2]) for n in range(40)]
    by_chance = [turn(n, {"like": 1.0 + 4 * (n // 2 % 2)}, segment="ab"[n % 2]) for n in range(40)]
    explained, not_explained = (report(turns).collapse.explained_by_segment for turns in (by_segment, by_chance))
    assert explained is not None
    assert explained > 0.9
    assert not_explained == pytest.approx(0, abs=0.05)


def test_agents_who_come_to_say_the_same_converge() -> None:
    first = [turn(n, {"like": 3.0}) for n in range(30)]
    last = [turn(n, {"like": 3.0}, round_=2, response="We all agree that it is too dear.") for n in range(30)]
    found = report([*first, *last])
    assert found.divergence.change is not None
    assert found.divergence.change > 0.3
    assert status(found)["convergence"] == "fail"
    [again] = found.asked_again
    assert (again.metric, again.agents, again.same) == ("like", 30, 1)


def test_rules_find_words_that_are_no_persons_and_answers_against_the_stated_feeling() -> None:
    artificial = turn(1, {"like": 5.0}, response="As an AI language model I cannot taste soup.")
    torn = turn(2, {"like": 1.0, "fair": 1.0}, sentiment=0.9)
    found = {one.check: one for one in report([artificial, torn]).conduct}
    assert [flaw.agent_id for flaw in found["fluency"].worst] == ["a001"]
    assert [flaw.agent_id for flaw in found["self_consistency"].worst] == ["a002"]
    assert "against a feeling" in found["self_consistency"].worst[0].justification


def answer(request: dict[str, Any], number: int) -> Answer:
    """A judge that finds all well, an interviewer with one round of questions, and a person who replies."""
    names = request["response_format"]["json_schema"]["schema"]["properties"]
    if "reply" in names:
        return completion(json.dumps({"reply": "1. I am Person 1. 2. I live in the West."}))
    if "questions" in names:
        is_over = '"reply":"1. I am' in request["messages"][-1]["content"]
        questions = "" if is_over else "1. Who are you? 2. Where do you live?"
        score = 0.9 if is_over else None
        why = "Everything fits." if is_over else ""
        return completion(json.dumps({"questions": questions, "score": score, "justification": why}))
    good = {"score": 8, "justification": "no flaw"}
    return completion(json.dumps(dict.fromkeys(names, good)))


@pytest.fixture
async def provider() -> AsyncIterator[Stub]:
    async with serving(Stub(answer=answer)) as stub:
        yield stub


@pytest.fixture
async def client(database_url: str, tmp_path: Path, nats_url: str, provider: Stub) -> AsyncIterator[httpx.AsyncClient]:
    ledger = sqlite_database("models", tmp_path / "models.db")
    models = create_models(
        ModelsSettings(database_url=ledger, upstream_url=provider.url, upstream_models="some-model", probe=False)
    )
    app = create_app(Settings(database_url=database_url, nats_url=nats_url, models_url="local://models"))
    async with running("models", models), running("validation", app) as made:
        yield made


async def simulate(client: httpx.AsyncClient, nats_url: str, model: str) -> None:
    created = build.simulation_created(SIMULATION, "int_1").model_copy(update={"model": model})
    responses = list(build.responses_recorded(assigned(), at=NOW))
    async with peer(nats_url) as others:
        for event in (created, frozen(), *build.agents_generated(), assigned(), *responses):
            await others.send(event.contract.service, event)

    async def is_there() -> bool:
        card = (await client.get(f"/validation/{SIMULATION}/metrics")).json()
        return (card.get("answered"), card.get("model"), bool(card.get("plan_hash"))) == (125, model, True)

    await eventually(is_there)


async def ask(client: httpx.AsyncClient, status_code: int = 200, **body: Any) -> Any:
    given = await client.post(PATH, json={"simulation_id": SIMULATION, **body})
    assert given.status_code == status_code, given.text
    return given.json()


async def test_a_simulation_is_judged_by_rules_by_a_model_and_by_interviews(
    client: httpx.AsyncClient, nats_url: str, provider: Stub
) -> None:
    await simulate(client, nats_url, "some-model")
    by_rules = await ask(client)
    assert (by_rules["judged_by"], by_rules["judged_turns"], by_rules["agents"]) == ("rules", 125, 125)
    assert [one["check"] for one in by_rules["conduct"]] == ["persona_adherence", "self_consistency", "fluency"]
    assert by_rules["usage"]["calls"] == 0

    judged = await ask(client, judge="some-model", sample=7)
    assert (judged["judged_by"], judged["judged_turns"]) == ("some-model", 7)
    assert [one["mean"] for one in judged["conduct"]] == [8, 8, 8]
    assert judged["usage"]["calls"] == 7
    assert await ask(client, judge="some-model", sample=7) == judged
    assert len(provider.requests) == 7

    asked = await ask(client, judge="some-model", sample=1, interviews=2, expectations="Likes soup.")
    assert [(one["score"], one["failure"], len(one["exchanges"])) for one in asked["interviews"]] == [
        (0.9, None, 1)
    ] * 2
    assert asked["interviews"][0]["exchanges"][0]["reply"].startswith("1. I am Person")
    assert next(one for one in asked["checks"] if one["name"] == "interviews")["status"] == "pass"


async def test_what_cannot_be_judged_is_refused_by_name(client: httpx.AsyncClient, nats_url: str) -> None:
    assert (await ask(client, 404))["status"] == 404
    await simulate(client, nats_url, "offline")
    for body, field in (
        ({"judge": "other"}, "model"),
        ({"interviews": 2}, "judge"),
        ({"judge": "some-model", "interviews": 2}, "interviews"),
        ({"agent_ids": ["agent_9999"]}, "agent_ids"),
        ({"repeated": [["purchase_intent", "mood"]]}, "repeated"),
    ):
        assert (await ask(client, 422, **body))["errors"][0]["field"] == field


async def test_an_interview_without_an_end_says_so(client: httpx.AsyncClient, nats_url: str, provider: Stub) -> None:
    await simulate(client, nats_url, "some-model")

    def endless(request: dict[str, Any], number: int) -> Answer:
        names = request["response_format"]["json_schema"]["schema"]["properties"]
        if "questions" in names:
            return completion(json.dumps({"questions": "And then?", "score": None, "justification": ""}))
        return answer(request, number)

    provider.answer = endless
    [one] = (await ask(client, judge="some-model", sample=1, interviews=1, rounds=2))["interviews"]
    assert (one["score"], len(one["exchanges"])) == (None, 2)
    assert "no score" in one["failure"]


async def test_a_persona_that_changed_is_judged_as_it_is_now(client: httpx.AsyncClient, nats_url: str) -> None:
    await simulate(client, nats_url, "offline")
    old = next(iter(build.agents_generated())).agents[0]
    older = AgentsGenerated(population_id=build.POPULATION, agents=(old,))
    changed: Agent = old.model_copy(update={"age": 99, "version": 1})
    newer = older.model_copy(update={"agents": (changed,)})
    async with peer(nats_url) as others:
        await others.send("population", newer)
        await others.send("population", older)
    assert (await ask(client, agent_ids=["agent_0001"]))["agents"] == 1
