"""The service between its neighbours, on a real bus and both stores."""

import csv
import io
import itertools
import json
from dataclasses import replace

import nats
import pytest

from libs.contracts import subjects
from libs.contracts.base import MessageData
from libs.contracts.envelope import seal
from libs.contracts.orchestrator import SimulationState, StepStarted
from libs.contracts.protocol import Step, Stimulus
from libs.contracts.results import AnalyseSimulation, AnalysisCompleted
from services.results.api.results import ENDINGS, FORMATS, ROWS, WHOLE
from services.results.domain.samples import count_heads
from tests.services.results import build
from tests.services.results.scene import SIMULATION, Scene, analyse, campaign, created, ended, frozen, story
from tests.services.results.told import replies
from tests.support.apps import eventually


async def last_headers(nats_url: str, kind: type[MessageData], key: str) -> dict[str, str]:
    """The headers of the last message of this type and key on the bus."""
    subject = subjects.concrete(kind.contract, "default", key)
    connection = await nats.connect(nats_url)
    try:
        return dict((await connection.jetstream().get_last_msg("EVENTS", subject)).headers or {})
    finally:
        await connection.close()


async def test_a_finished_simulation_is_analysed_once_and_served(scene: Scene) -> None:
    plan, turns = campaign(failures=3)
    await scene.publish(*story(turns, plan))
    [message] = await scene.completed()
    seen = await scene.aggregate()
    assert seen["state"] == "completed"
    assert seen["note"] is None
    assert seen["analysis"] == message.analysis.model_dump(mode="json")
    assert seen["analysis"]["verdict"].startswith("Open rate is higher with rational appeal than with emotional appeal")
    results = seen["aggregate_results"]
    assert (results["assigned"], results["total_responses"], results["failed_responses"]) == (125, 122, 3)
    assert results["response_rate"] == pytest.approx(122 / 125)
    assert seen["better"] == dict.fromkeys(build.CAMPAIGN_METRICS, "higher")
    assert set(results["segment_breakdown"]) == {"families", "young_professionals"}
    assert results["evidence"]["grade"] == "C"
    assert results["evidence"]["effective_n"] == 0
    assert all(found["evidence"]["caveat"] for found in seen["analysis"]["estimates"] + seen["analysis"]["comparisons"])


async def test_whatever_message_comes_last_the_analysis_is_made_and_names_the_command_as_its_cause(
    scene: Scene, nats_url: str
) -> None:
    plan = build.plan(("a", "b"), [build.instrument("bought", role="primary")], {"a": 2, "b": 2})
    turns = [build.turn(number, "ab"[number % 2], {"bought": number < 3}) for number in range(1, 5)]
    commands = {}
    for index, order in enumerate(itertools.permutations(range(4))):
        simulation_id = f"sim_{index}"
        parts: list[list[MessageData]] = [
            [created(plan, simulation_id)],
            [frozen(plan, simulation_id)],
            [*build.recorded(turns, simulation_id)],
            [analyse(4, simulation_id)],
        ]
        for message in [message for place in order for message in parts[place]]:
            [envelope] = await scene.others.send(message.contract.service, message)
            if isinstance(message, AnalyseSimulation):
                commands[simulation_id] = envelope
    completed = await scene.completed(24)
    assert {found.simulation_id for found in completed} == set(commands)
    assert all(found.analysis.answered == {"a": 2, "b": 2} for found in completed)
    for simulation_id, command in commands.items():
        headers = await last_headers(nats_url, AnalysisCompleted, simulation_id)
        assert (headers["ce-causationid"], headers["ce-correlationid"]) == (command.id, command.correlationid)


async def test_messages_that_come_again_change_nothing(quick_scene: Scene) -> None:
    plan, turns = campaign()
    messages = story(turns, plan)
    await quick_scene.publish(*messages)
    await quick_scene.completed()
    before = (await quick_scene.export("json")).content
    await quick_scene.publish(*messages)  # sent anew, so the inbox does not know them: the natural keys must hold
    await quick_scene.publish(created(plan, "sim_2"), *build.recorded(turns[:1], "sim_2"))
    await quick_scene.counted(1, "sim_2")
    assert (await quick_scene.export("json")).content == before
    assert len(await quick_scene.completed()) == 1


async def test_a_command_for_more_responses_is_another_look(quick_scene: Scene) -> None:
    plan, turns = campaign()
    await quick_scene.publish(created(plan), frozen(plan), *build.recorded(turns[:100]), analyse(100))
    [first] = await quick_scene.completed()
    await quick_scene.publish(*build.recorded(turns[100:]), analyse(125))
    second = (await quick_scene.completed(2))[1]
    assert [found.analysis.estimates[0].evidence.looks for found in (first, second)] == [1, 2]
    assert (await quick_scene.aggregate())["aggregate_results"]["total_responses"] == 125


async def test_while_it_runs_people_who_are_linked_by_others_count_as_one_as_they_do_in_the_analysis(
    scene: Scene,
) -> None:
    plan = build.plan(("a", "b"), [build.instrument("bought", role="primary")], {"a": 4, "b": 4})
    met = [(1, 1, None), (1, 2, "red"), (2, 2, "red"), (2, 3, "blue"), (3, 3, "blue"), (4, 1, None), (5, 3, None)]
    turns = [build.turn(n, "ab"[n % 2], {"bought": True}, round=at, cluster_id=group) for n, at, group in met]
    turns.append(build.turn(6, "a", None, round=1, cluster_id="red"))
    await scene.publish(created(plan), frozen(plan), *build.recorded(turns))
    seen = await scene.counted(6)
    heads = count_heads(build.study(plan), ("a", "b"), replies(build.study(plan), turns).all)
    assert seen["aggregate_results"]["evidence"]["clusters"] == heads.clusters == 3
    rows = csv.DictReader(io.StringIO((await scene.export("csv")).text))
    linked, alone = {(agent, "blue") for agent in "1236"}, {(agent, "") for agent in "45"}
    assert {(row["agent_id"][-1], row["cluster_id"]) for row in rows} == linked | alone
    told = json.loads((await scene.export("json")).content)["content"]["responses"]
    assert {one["cluster_id"] for one in told if one["agent_id"][-1] in "45"} == {None}
    assert {one["cluster_id"] for one in told if one["agent_id"][-1] in "1236"} == {"blue"}


async def test_while_it_runs_there_are_counts_and_nothing_that_tempts_to_stop(quick_scene: Scene) -> None:
    plan, turns = campaign()
    await quick_scene.publish(created(plan), frozen(plan), *build.recorded(turns[:40]))
    seen = await quick_scene.counted(40)
    assert seen["state"] == "running"
    assert "planned responses" in seen["note"]
    assert seen["analysis"] is None
    results = seen["aggregate_results"]
    assert results["mean_score"] is None
    assert results["arms"]["rational_appeal"] == {"assigned": 62, "answered": 20, "failed": 0}
    evidence = results["evidence"]
    assert evidence["attrition"] == {"emotional_appeal": 0, "rational_appeal": 0}  # not yet is not lost
    assert evidence["sample_ratio"]["p_value"] is None
    content = json.loads((await quick_scene.export("json")).content)["content"]
    assert (content["state"], content["analysis"], content["description"]) == ("running", None, None)
    assert content["evidence"] == evidence
    report = (await quick_scene.export("html")).text
    assert "40 of 125 simulated respondents have answered so far" in report
    assert "interval" not in report.split("</style>")[1].replace("estimates, intervals and the verdict follow", "")


async def test_a_broadcast_is_described_with_the_instruments_its_step_announced(scene: Scene) -> None:
    asked = (build.instrument("rating", "ordinal", minimum=1, maximum=5), build.instrument("concerns", "text"))
    mail = Stimulus(content="Half price until Sunday.", channel="email", timing="morning")
    step = Step(
        kind="deliver",
        step_id="broadcast-1",
        round=1,
        stimuli={"all": mail},
        instruments=asked,
        name="welcome_mail",
        simulated_at=build.START,
    )
    turns = [
        build.turn(number, "all", {"rating": float(1 + number % 5), "concerns": "price"}, step_id="broadcast-1")
        for number in range(1, 11)
    ]
    await scene.publish(created(None), *build.recorded(turns), analyse(10))
    await scene.counted(10)
    await scene.in_state("analysing")  # no types are guessed: it waits for the step
    await scene.publish(StepStarted(simulation_id=SIMULATION, step=step, planned={"all": 12}))
    [message] = await scene.completed()
    analysis = message.analysis
    assert analysis.comparisons == ()
    assert analysis.assigned == {"all": 12}
    assert [(found.metric, found.value) for found in analysis.estimates] == [("rating", 3.0)]
    assert (await scene.aggregate())["aggregate_results"]["mean_score"] == 3.0
    report = (await scene.export("html")).text
    for words in ("welcome mail", "email · morning · 22 November 2026, 09:00", mail.content, "rating?"):
        assert words in report


async def test_two_runs_of_one_study_give_the_same_bytes(scene: Scene) -> None:
    plan, turns = campaign()
    again = [
        replace(turn, usage=turn.usage.model_copy(update={"calls": 0, "cached_calls": 1}), responded_at=build.START)
        for turn in reversed(turns)
    ]
    later = plan.model_copy(update={"intervention_id": "int_2", "frozen_at": build.START.replace(year=2027)})
    await scene.publish(*story(turns, plan), *story(again, later, "sim_2"))
    await scene.completed(2)
    one, two = [(await scene.export("csv", simulation)).content for simulation in ("sim_1", "sim_2")]
    assert one == two
    first, second = [json.loads((await scene.export("json", simulation)).content) for simulation in ("sim_1", "sim_2")]
    assert first["content"] == second["content"]
    assert first["content_sha256"] == second["content_sha256"]
    assert first["run"] != second["run"]


async def test_who_was_simulated_is_in_results_exports_and_report(scene: Scene) -> None:
    plan, turns = campaign()
    old = build.ready(population_id="pop_old", name="Of old")
    later = created(plan, "sim_2").model_copy(update={"population_id": "pop_old"})
    await scene.publish(build.ready(build.makeup()), *story(turns, plan))
    await scene.publish(old, later, *story(turns, plan, "sim_2")[1:])
    await scene.completed(2)
    told = (await scene.aggregate())["population"]
    assert (told["name"], told["size"], told["rest"]) == ("Customers", 125, 15)
    assert told["made"].startswith("Drawn from uk_demographics")
    assert [one["not_understood"] for one in told["segments"]] == [[], ["of diabetics"]]
    assert json.loads((await scene.export("json")).content)["content"]["study"]["population"] == told
    assert "of diabetics" in (await scene.export("html")).text
    of_old = (await scene.aggregate("sim_2"))["population"]
    assert (of_old["name"], of_old["made"]) == ("Of old", None)
    assert of_old["segments"][1] == {
        "name": "families",
        "size": 60,
        "particularities": None,
        "fragments": None,
        "not_understood": None,
    }
    assert "Of old" in (await scene.export("html", "sim_2")).text


async def test_an_individual_is_shown_with_every_turn_and_its_persona(scene: Scene) -> None:
    plan = build.plan(("a", "b"), [build.instrument("bought")], {"a": 1, "b": 1})
    turns = [
        build.turn(1, "a", {"bought": True}, round=2, step_id="later"),
        build.turn(1, "a", {"bought": False}),
        build.turn(2, "b", None),
    ]
    await scene.publish(created(plan), frozen(plan), *build.recorded(turns))
    await scene.counted(2)
    seen = (await scene.client.get("/results/sim_1/individual/agent_0001")).json()
    assert [(turn["round"], turn["answers"]) for turn in seen["turns"]] == [
        (1, {"bought": False}),
        (2, {"bought": True}),
    ]
    assert (seen["age"], seen["demographic_profile"]["region"]) == (34, "West")
    assert "none by a person" in seen["notice"]
    failed = (await scene.client.get("/results/sim_1/individual/agent_0002")).json()["turns"][0]
    assert (failed["status"], failed["response"]) == ("failed", None)
    assert failed["failure"] == "the model gave no valid answer"


async def test_individuals_come_in_pages_by_agent(scene: Scene) -> None:
    plan, turns = campaign()
    await scene.publish(*story(turns, plan))
    await scene.completed()
    agents: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limit": 50} | ({"cursor": cursor} if cursor else {})
        body = (await scene.client.get("/results/sim_1/individuals", params=query)).json()
        agents += [item["agent_id"] for item in body["items"]]
        cursor = body["next_cursor"]
        if cursor is None:
            break
    assert agents == [turn.agent_id for turn in turns]
    query = {"arm": "rational_appeal", "segment": "families", "limit": 200}
    chosen = (await scene.client.get("/results/sim_1/individuals", params=query)).json()["items"]
    assert {(item["arm"], item["segment"]) for item in chosen} == {("rational_appeal", "families")}


async def test_exports_have_a_name_and_a_type(quick_scene: Scene) -> None:
    plan, turns = campaign()
    await quick_scene.publish(*story(turns, plan))
    await quick_scene.completed()
    kinds = {form: made[1] for form, made in (*WHOLE.items(), *ROWS.items())} | {"json": "application/json"}
    assert set(kinds) == set(FORMATS)
    for form, media_type in kinds.items():
        answer = await quick_scene.export(form)
        assert answer.headers["content-type"].startswith(media_type)
        assert f'filename="rehearsal-sim_1.{ENDINGS.get(form, form)}"' in answer.headers["content-disposition"]
        assert form not in WHOLE or int(answer.headers["content-length"]) == len(answer.content)
        assert answer.content
    rows = list(csv.DictReader(io.StringIO((await quick_scene.export("csv")).text)))
    assert len(rows) == 125
    assert {row["evidence_grade"] for row in rows} == {"C"}


async def test_what_is_not_there_is_said_plainly(quick_scene: Scene) -> None:
    client = quick_scene.client
    await quick_scene.publish(created(None), *build.recorded([build.turn(1, "all", {})]))
    await quick_scene.counted(1)
    for path in ("aggregate", "individual/agent_0001", "individuals", "export"):
        missing = await client.get(f"/results/sim_none/{path}")
        assert missing.status_code == 404
        assert "sim_none" in missing.json()["detail"]
    assert (await client.get("/results/sim_1/individual/agent_0009")).status_code == 404
    wrong = await client.get("/results/sim_1/export", params={"format": "docx"})
    assert wrong.status_code == 422
    assert wrong.json()["errors"] == [
        {"field": "format", "message": "'docx' is not an export format", "allowed": list(FORMATS)}
    ]
    assert (await client.get("/results/sim_1/individuals", params={"cursor": "bm8"})).status_code == 422


async def test_a_nul_character_in_a_reply_is_stored_as_a_replacement(scene: Scene) -> None:
    plan = build.plan(("a", "b"), [build.instrument("why", "text")], {"a": 1, "b": 0})
    odd = build.turn(1, "a", {"why": "be\x00cause"}, response="a\x00b", demographic_profile={"job\x00": "x\x00"})
    await scene.publish(created(plan), frozen(plan), *build.recorded([odd]))
    await scene.counted(1)
    seen = (await scene.client.get("/results/sim_1/individual/agent_0001")).json()
    assert seen["turns"][0]["response"] == "a\ufffdb"
    assert seen["turns"][0]["answers"] == {"why": "be\ufffdcause"}


async def test_an_analysis_too_large_for_the_bus_travels_with_its_primary_metrics(quick_scene: Scene) -> None:
    options = tuple(f"option {number} with a rather long name" for number in range(50))
    asked = [build.instrument("bought", role="primary")]
    asked += [build.instrument(f"choice_{number}", "choice", options=options) for number in range(20)]
    arms = ("a", "b", "c")
    plan = build.plan(arms, asked, dict.fromkeys(arms, 2))
    turns = [build.turn(number, arms[number % 3], {"bought": number % 2 == 0}) for number in range(6)]
    await quick_scene.publish(*story(turns, plan))
    [message] = await quick_scene.completed()
    assert {found.metric for found in message.analysis.comparisons} == {"bought"}
    whole = (await quick_scene.aggregate())["analysis"]
    assert len(whole["estimates"]) == 3 * (1 + 20 * 50)
    assert whole["verdict"] == message.analysis.verdict


def test_the_cause_survives_the_store() -> None:
    envelope = seal(analyse(3), source="orchestrator", correlation_id="c1", traceparent="00-1-2-01")
    assert type(envelope).from_headers(json.loads(json.dumps(envelope.headers()))) == envelope


async def test_a_simulation_that_was_cancelled_says_that_no_verdict_will_come(quick_scene: Scene) -> None:
    await quick_scene.publish(created(None), ended(SimulationState.CANCELLED))

    async def is_known() -> bool:
        return (await quick_scene.client.get(f"/results/{SIMULATION}/aggregate")).status_code == 200

    await eventually(is_known)
    await quick_scene.in_state("cancelled")
    assert "there is no verdict" in (await quick_scene.aggregate())["note"]
    assert "there is no verdict" in (await quick_scene.export("html")).text
