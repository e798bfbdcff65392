"""What counts as one in a comparison: an agent, however often it answered, and all agents who heard each other."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from statistics import fmean

import httpx
import numpy as np
import pytest

from libs.contracts.catalogue import resolve
from libs.contracts.chosen import Chosen
from libs.contracts.comparisons import MetricDeclaration
from libs.contracts.orchestrator import SimulationState, StepStarted
from libs.contracts.protocol import NO_USAGE, Condition, Step
from libs.stats import Moments, equivalent_means
from services.results.domain.outcomes import outcomes_of
from services.results.domain.records import Turn as ResultsTurn
from services.results.domain.replies import Replies
from services.results.domain.samples import values_by_arm
from services.validation.app import create_app
from services.validation.domain.comparison.compare import compare
from services.validation.domain.comparison.model import ComparisonResult
from services.validation.domain.comparison.reading import Sample, read_sample
from services.validation.domain.given import Giver, counted_answers, givers, last_answers
from services.validation.domain.records import Simulation, Turn
from services.validation.settings import Settings
from tests.services.intervention import build
from tests.services.results import build as results
from tests.support.apps import eventually, running
from tests.support.peer import peer

RATING = MetricDeclaration.model_validate({"name": "rating", "type": "ordinal", "scale": [1, 5]})
BOUGHT = MetricDeclaration.model_validate({"name": "bought", "type": "binary"})
BRAND = MetricDeclaration.model_validate({"name": "brand", "type": "choice", "scale": ["A", "B", "C"]})
PEOPLE = [1] * 30 + [2] * 50 + [3] * 60 + [4] * 40 + [5] * 20
SHARES = [0.15, 0.25, 0.3, 0.2, 0.1]


def sample(metric: MetricDeclaration, answers: Sequence[object], who: Sequence[Giver] | None = None) -> Sample:
    return read_sample(metric, list(answers), None, who)  # type: ignore[arg-type]


def against_people(answers: Sequence[object], who: Sequence[Giver] | None = None) -> ComparisonResult:
    return compare(RATING, sample(RATING, PEOPLE), sample(RATING, answers, who))


def in_groups(groups: int, size: int) -> list[Giver]:
    return [Giver(f"group {place}", f"agent {place}.{one}") for place in range(groups) for one in range(size)]


def often(agents: int, times: int) -> list[Giver]:
    return [Giver(f"agent {place}", f"agent {place}") for place in range(agents) for _ in range(times)]


@pytest.mark.parametrize(
    ("who", "unit"), [(in_groups(40, 5), "groups of agents who heard each other"), (often(40, 5), "agents")]
)
def test_answers_that_are_not_independent_say_no_more_than_their_units(who: list[Giver], unit: str) -> None:
    """Forty units that say five times the same are worth forty answers."""
    said = [1 + place % 5 for place in range(40)]
    once, five = against_people(said), against_people([value for value in said for _ in range(5)], who)
    assert (five.simulated.n, five.simulated.answers, five.simulated.unit) == (40, 200, unit)
    assert "200 answers" in five.caveat
    assert f"count as 40 {unit}" in five.caveat
    assert five.simulated.mean == pytest.approx(once.simulated.mean)
    assert five.simulated.standard_deviation == pytest.approx(once.simulated.standard_deviation)
    assert five.simulated.shares == pytest.approx(once.simulated.shares)
    assert five.equivalence.interval == pytest.approx(once.equivalence.interval)
    assert five.variance_ratio.interval == pytest.approx(once.variance_ratio.interval)
    assert five.distances["wasserstein"].value == pytest.approx(once.distances["wasserstein"].value)
    assert five.noise_ceiling is not None
    assert once.noise_ceiling is not None
    assert five.noise_ceiling.upper == pytest.approx(once.noise_ceiling.upper, rel=0.15)
    independent = against_people([value for value in said for _ in range(5)])
    assert independent.equivalence.interval is not None
    assert five.equivalence.interval is not None
    assert np.ptp(independent.equivalence.interval) < 0.7 * np.ptp(five.equivalence.interval)


def test_an_agent_weighs_the_same_as_another_and_so_does_a_group() -> None:
    who = [Giver("g", "a"), Giver("g", "a"), Giver("g", "b"), Giver("c", "c")]
    given = sample(RATING, [1, 3, 4, 5], who)
    assert (given.n, given.agents) == (2, 3)
    assert sorted(given.numbers) == [3.0, 5.0]
    assert given.grouping is not None
    assert sorted(given.grouping.weights) == [0.25, 0.25, 0.5, 1.0]


def test_means_of_units_are_what_is_tested() -> None:
    draw = np.random.default_rng(3)
    answers = draw.integers(1, 6, 120).tolist()
    means = [fmean(answers[start : start + 3]) for start in range(0, 120, 3)]
    found = against_people(answers, in_groups(40, 3)).equivalence
    expected = equivalent_means(Moments.of(means), Moments.of([float(value) for value in PEOPLE]), found.margin)
    assert expected is not None
    assert found.interval == pytest.approx(expected.interval)
    assert found.method == "two one-sided Welch tests, a mean for each unit"


def test_a_share_of_groups_who_are_not_of_one_mind_is_compared_by_their_means() -> None:
    answers = [True, True, False] * 40
    found = compare(BOUGHT, sample(BOUGHT, [True] * 130 + [False] * 70), sample(BOUGHT, answers, in_groups(40, 3)))
    assert found.equivalence.method == "two one-sided Welch tests, a mean for each unit"
    assert found.simulated.shares == pytest.approx({"no": 1 / 3, "yes": 2 / 3})


def test_a_few_groups_show_nothing_however_many_agents_they_are_of() -> None:
    found = against_people([1 + place % 5 for place in range(240)], in_groups(12, 20))
    assert found.verdict == "inconclusive"
    assert "only 12 simulated groups of agents who heard each other; fewer than 30 show nothing" in found.reasons


def test_agents_of_like_minded_groups_who_answer_as_people_do_seldom_fail() -> None:
    draw = np.random.default_rng(8)
    fails = {"as groups": 0, "as independent": 0}
    for _ in range(60):
        people = draw.choice(5, 300, p=SHARES) + 1
        shared = np.repeat(draw.choice(5, 30, p=SHARES) + 1, 12)
        said = np.where(draw.random(360) < 0.95, shared, draw.choice(5, 360, p=SHARES) + 1).tolist()
        human = sample(RATING, people.tolist())
        for name, who in (("as groups", in_groups(30, 12)), ("as independent", None)):
            fails[name] += compare(RATING, human, sample(RATING, said, who)).verdict == "fail"
    assert fails["as groups"] <= 5
    assert fails["as independent"] >= 20


def test_shares_of_a_choice_are_those_of_units_and_order_changes_nothing() -> None:
    human = sample(BRAND, ["A", "B", "C"] * 40)
    who = in_groups(30, 2) + often(30, 4)[:60] + often(60, 1)[30:]
    said = [("A", "B", "C")[place % 3] for place in range(len(who))]
    found = compare(BRAND, human, sample(BRAND, said, who))
    assert found.simulated.shares is not None
    assert sum(found.simulated.shares.values()) == pytest.approx(1)
    turned = compare(BRAND, human, sample(BRAND, said[::-1], who[::-1]))
    assert turned.variance_ratio.value == pytest.approx(found.variance_ratio.value)
    assert turned.simulated.shares == pytest.approx(found.simulated.shares)
    assert turned.verdict == found.verdict


def turn(agent: str, step: str, rating: int | None, minute: int, cluster: str | None = None) -> Turn:
    return Turn(
        agent_id=agent,
        arm="all",
        timeline_id="main",
        step_id=step,
        round=1,
        is_answered=True,
        failure=None,
        text_digest=None,
        answers={"rating": rating},
        usage=NO_USAGE,
        responded_at=build.NOW + timedelta(minutes=minute),
        cluster_id=cluster,
    )


def test_who_was_asked_again_because_of_a_condition_is_left_out_where_results_leave_them_out() -> None:
    turns = [turn("a", "first", 2, 1), turn("b", "first", 4, 2), turn("b", "again", 5, 3)]
    chosen = Chosen({("again", "all"): ("rating",)})
    simulation = Simulation("sim", None, None, SimulationState.COMPLETED, None, None, chosen=chosen)
    assert [one.answers["rating"] for one in counted_answers(simulation, turns, "rating")] == [2, 4]
    assert [one.answers["rating"] for one in last_answers(simulation, turns, "rating")] == [2, 4]


def test_agents_who_heard_each_other_in_any_turn_are_one_unit() -> None:
    talk = [turn("a", "talk", None, 1, "x"), turn("b", "talk", None, 1, "x"), turn("c", "talk", None, 1, "y")]
    asked = [turn(agent, "survey", 3, 2) for agent in "abcd"]
    units = [giver.unit for giver in givers(asked, [*talk, *asked])]
    assert units[0] == units[1]
    assert len(set(units)) == 3


@pytest.mark.parametrize("seed", range(4))
def test_units_and_their_values_are_those_of_results(seed: int) -> None:
    draw, turns, others = np.random.default_rng(seed), list[Turn](), list[ResultsTurn]()
    chosen = Chosen({("step 2", "all"): ("rating",)})
    for number in range(60):
        cluster = f"group {number // 5}" if number < 40 else None
        for place in range(int(draw.integers(1, 4))):
            rating = int(draw.integers(1, 6))
            step = f"step {place}"
            others.append(results.turn(number, "all", {"rating": rating}, step_id=step, cluster_id=cluster))
            turns.append(turn(others[-1].agent_id, step, rating, place, cluster))
    asked = resolve(["trust"])[0].model_copy(update={"name": "rating", "minimum": 1.0, "maximum": 5.0})
    simulation = Simulation("sim", None, None, SimulationState.COMPLETED, None, None, chosen=chosen)
    counted = counted_answers(simulation, turns, "rating")
    mine = sample(RATING, [one.answers["rating"] for one in counted], givers(counted, turns))
    [outcome] = outcomes_of([asked])
    theirs = values_by_arm(outcome, ["all"], Replies.of([asked], others, chosen).all)["all"]
    assert (mine.n, mine.agents) == (len(theirs.units), theirs.agents)
    assert sorted(mine.numbers) == pytest.approx(sorted(theirs.values))


@pytest.fixture
async def client(database_url: str, nats_url: str) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Settings(database_url=database_url, nats_url=nats_url))
    async with running("validation", app) as made:
        yield made


async def test_a_simulation_with_focus_groups_and_a_condition_is_compared_by_its_units(
    client: httpx.AsyncClient, nats_url: str
) -> None:
    instruments = resolve(["purchase_intent"])
    condition = Condition(metric="purchase_intent", step_id="touch-1", operator="at_least", value=8)
    steps = [
        StepStarted(
            simulation_id="sim_1",
            step=Step(
                kind="deliver",
                step_id=f"touch-{place}",
                round=place,
                stimuli={},
                instruments=instruments,
                condition=condition if place == 2 else None,
            ),
            planned={"all": 60},
            place=place,
        )
        for place in (1, 2)
    ]
    turns = [
        build.response("sim_1", f"agent_{n:04d}", None, at=build.NOW).model_copy(
            update={"cluster_id": f"group_{n // 6}"}
        )
        for n in range(60)
    ]
    again = [one.model_copy(update={"turn_id": f"again {one.turn_id}"}) for one in turns[::10]]
    first, second = build.recorded("sim_1", "all", turns), build.recorded("sim_1", "all", again)
    async with peer(nats_url) as others:
        for event in (build.simulation_created("sim_1", None), *steps):
            await others.send(event.contract.service, event)
        for event in (first, second.model_copy(update={"step_id": "touch-2", "delivery_id": "all-2", "place": 2})):
            await others.send("communication", event)

    async def all_there() -> bool:
        card = (await client.get("/validation/sim_1/metrics")).json()
        return [metric["reached"] for metric in card.get("metrics", ())] == [66]

    await eventually(all_there)
    found = (await compared(client)).json()
    assert (found["simulated"]["n"], found["simulated"]["agents"], found["simulated"]["answers"]) == (10, 60, 60)
    assert "60 answers of 60 agents" in found["caveat"]
    assert (await client.get(f"/validation/comparisons/{found['id']}")).json() == found


async def compared(client: httpx.AsyncClient) -> httpx.Response:
    metric = {"name": "purchase_intent", "type": "ordinal", "scale": [1, 10]}
    body = {"metric": metric, "empirical": {"values": [1, 5, 10] * 20}, "simulated": {"simulation_id": "sim_1"}}
    return await client.post("/validation/empirical-compare", json=body)
