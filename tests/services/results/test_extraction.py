"""Extraction: recorded, by rules, by a model; at once or as a job; kept, summarised and exported, on both stores."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from libs.contracts.results import ExtractFields
from libs.contracts.tools import ExtractionSpec
from libs.contracts.turns import ChatMessage
from libs.minds.blocks import read_blocks
from services.models.app import create_app as create_models
from services.models.settings import Settings as ModelsSettings
from services.results.app import create_app
from services.results.domain.extraction.fields import extract, ways_of
from services.results.domain.extraction.model import Extracted, Way
from services.results.domain.extraction.recorded import Recorded
from services.results.domain.records import Turn
from services.results.settings import Settings
from tests.services.models.stub import Answer, Stub, completion, error
from tests.services.results import build
from tests.services.results.scene import Scene, analyse, campaign, created, frozen, story
from tests.support.apps import eventually, running
from tests.support.migrated import sqlite_database
from tests.support.peer import peer

INSTRUMENTS = (
    build.instrument("bought", role="primary"),
    build.instrument("intent", "ordinal", minimum=1, maximum=10),
    build.instrument("why", "text"),
)


def found(fields: list[str], turns: Sequence[Turn], **spec: Any) -> Extracted:
    """What is extracted offline."""
    asked = ExtractionSpec(simulation_id="sim_1", fields=fields, **spec)
    recorded = Recorded(INSTRUMENTS, turns)
    ways = ways_of(asked, recorded, is_offline=True)
    return extract(ways, asked.fields_hints, recorded, turns, None, None)


async def post(scene: Scene, status: int = 201, **spec: Any) -> dict[str, Any]:
    answer = await scene.client.post("/results/extract", json={"simulation_id": "sim_1", **spec})
    assert answer.status_code == status, answer.text
    return dict(answer.json())


async def completed(scene: Scene, extraction: dict[str, Any], **query: Any) -> dict[str, Any]:
    """The extraction, once its job has ended."""
    return await in_state(scene, extraction, "completed", **query)


async def in_state(scene: Scene, extraction: dict[str, Any], state: str, **query: Any) -> dict[str, Any]:
    shown: dict[str, Any] = {}

    async def done() -> bool:
        shown.update((await scene.client.get(extraction["links"]["self"], params={"limit": 500, **query})).json())
        return bool(shown["state"] == state)

    await eventually(done)
    return shown


async def people(scene: Scene, count: int, **fields: Any) -> None:
    """An interactive simulation in which everybody said something."""
    turns = [build.turn(number, "all", {"bought": number % 2 == 0}, **fields) for number in range(1, count + 1)]
    for start in range(0, count, 100):
        await scene.publish(*build.recorded(turns[start : start + 100]))
    await scene.publish(created(None))
    await scene.counted(count)


def test_of_several_turns_the_latest_with_a_value_counts() -> None:
    turns = [
        build.turn(1, "a", {"bought": True, "intent": 4.0}, response="First.", round=1),
        build.turn(1, "a", {"bought": None, "intent": 7.0}, response=None, sentiment=None, round=2),
    ]
    got = found(["bought", "intent", "rating", "response", "responses", "sentiment", "gender", "demographics"], turns)
    assert got.fields == {
        "bought": True,
        "intent": 7.0,
        "rating": 7.0,
        "response": "First.",
        "responses": ["First."],
        "sentiment": -0.25,
        "gender": "female",
        "demographics": {"age": 34, "gender": "female", "region": "West"},
    }
    assert set(got.ways.values()) == {Way.RECORDED}
    assert got.notes == {"rating": "the metric intent"}


def test_rules_find_themes_of_concerns_and_benefits_with_the_sentences_they_stand_in() -> None:
    turn = build.turn(
        1,
        "a",
        {},
        reasoning="What speaks for it: it is easy. What speaks against it: the price; nobody proved the claim.",
        response="I like how simple it is. But is my personal data safe? It is far too expensive for my budget.",
    )
    got = found(["concerns", "benefits", "questions", "keywords"], [turn])
    assert got.fields["concerns"] == ["price", "trust", "privacy"]
    assert got.fields["benefits"] == ["effort"]
    assert got.fields["questions"] == ["But is my personal data safe?"]
    assert set(got.ways.values()) == {Way.RULES}
    assert "It is far too expensive for my budget." in got.quotes["concerns"]
    assert "I like how simple it is." in got.quotes["benefits"]


def test_what_rules_cannot_answer_is_null_with_the_reason_and_never_invented() -> None:
    got = found(["favourite_colour", "concerns"], [build.turn(1, "a", {}, reasoning=None, response=None)])
    assert got.fields == {"favourite_colour": None, "concerns": None}
    assert set(got.ways.values()) == {Way.NONE}
    assert "name a language model" in got.notes["favourite_colour"]
    assert got.notes["concerns"] == "nothing was said or thought"


def test_an_agent_all_of_whose_turns_failed_is_there_with_its_reason() -> None:
    got = found(["response", "name", "concerns"], [build.turn(1, "a", None)])
    assert got.failure == "the model gave no valid answer"
    assert got.fields == {"response": None, "name": got.name, "concerns": None}


def test_a_hint_offline_is_said_not_to_have_been_read() -> None:
    got = found(["response", "bought"], [build.turn(1, "a", {"bought": True})], fields_hints={"response": "yes or no"})
    assert got.notes == {"response": "as recorded: the offline model reads no hint"}


async def test_few_agents_are_extracted_at_once_and_had_again(scene: Scene) -> None:
    plan, turns = campaign(failures=2)
    await scene.publish(*story(turns, plan))
    await scene.completed()
    made = await post(scene, fields=["open_rate", "response", "concerns", "would_recommend"], segment="families")
    assert (made["state"], made["model"], made["planned"], made["failed"]) == ("completed", "offline", 75, 0)
    assert made["fields"] == {
        "open_rate": "recorded",
        "response": "recorded",
        "concerns": "rules",
        "would_recommend": "none",
    }
    assert made["evidence"]["grade"] == "C"
    by_agent = {turn.agent_id: turn for turn in turns}
    for item in made["items"]:
        assert item["fields"]["open_rate"] == by_agent[item["agent_id"]].answers["open_rate"]
        assert item["fields"]["would_recommend"] is None
    again = await completed(scene, made)
    assert (again["items"], again["usage"]["calls"]) == (made["items"], 0)
    page = (await scene.client.get("/results/sim_1/extractions")).json()
    assert [one["id"] for one in page["items"]] == [made["id"]]
    everybody = await post(scene, fields=["response"])
    assert (everybody["planned"], everybody["failed"]) == (125, 2)
    lost = await completed(scene, everybody, failed=True)
    assert {item["failure"] for item in lost["items"]} == {"the model gave no valid answer"}
    one = await post(scene, fields=["arm"], agent_ids=["agent_0003", "agent_0005"], arm="emotional_appeal")
    assert [(item["agent_id"], item["fields"]["arm"]) for item in one["items"]] == [
        ("agent_0003", "emotional_appeal"),
        ("agent_0005", "emotional_appeal"),
    ]


async def test_many_agents_are_a_job_with_progress_and_come_in_pages(scene: Scene) -> None:
    await people(scene, 700, response="It costs too much.", reasoning=None)
    made = await post(scene, 202, fields=["concerns", "bought"])
    done = await completed(scene, made)
    assert (done["finished"], done["planned"], done["failed"], len(done["items"])) == (700, 700, 0, 500)
    rest = (await scene.client.get(done["links"]["self"], params={"limit": 500, "cursor": done["next_cursor"]})).json()
    assert (len(rest["items"]), rest["next_cursor"]) == (200, None)
    summary = (await scene.client.get(made["links"]["summary"])).json()
    concerns, bought = summary["fields"]
    assert concerns["most_frequent"] == [{"value": "price", "count": 700, "share": 1.0}]
    assert concerns["ways"] == {"rules": 700}
    assert {item["value"]: item["count"] for item in bought["most_frequent"]} == {"true": 350, "false": 350}
    assert summary["evidence"]["caveat"]


async def test_an_extraction_whose_block_was_given_up_has_failed_and_says_why(
    online_scene: Scene, provider: Stub
) -> None:
    provider.answer = lambda request, number: replace(reads(request, number), delay_s=1.0)
    await said(online_scene, 3)
    made = await post(online_scene, 202, fields=["concerns"], model="some-model")
    command = ExtractFields(simulation_id="sim_1", extraction_id=made["id"], agent_ids=("agent_0001", "agent_0002"))
    await online_scene.others.give_up("results", command, "ModelsError: no reply")
    shown = await in_state(online_scene, made, "failed")
    assert shown["reason"] == "the fields of 2 agents were given up: ModelsError: no reply"
    assert (await online_scene.client.get(made["links"]["summary"])).status_code == 409


async def test_a_running_extraction_can_be_cancelled_and_keeps_what_it_got(online_scene: Scene, provider: Stub) -> None:
    provider.answer = lambda request, number: replace(reads(request, number), delay_s=1.0)
    await said(online_scene, 3)
    made = await post(online_scene, 202, fields=["concerns"], model="some-model")
    cancelled = (await online_scene.client.delete(made["links"]["self"])).json()
    assert (cancelled["state"], cancelled["reason"]) == ("cancelled", "cancelled by request")
    done = await post(online_scene, fields=["response"])
    assert (await online_scene.client.delete(done["links"]["self"])).json()["state"] == "completed"
    assert (await online_scene.client.delete("/results/sim_1/extractions/ext_none")).status_code == 404


async def test_an_agent_whose_turns_are_gone_is_counted_with_the_reason(quick_scene: Scene) -> None:
    await people(quick_scene, 1)
    made = await post(quick_scene, fields=["response"])
    command = ExtractFields(simulation_id="sim_1", extraction_id=made["id"], agent_ids=("agent_0001", "agent_0009"))
    await quick_scene.publish(command)
    shown: dict[str, Any] = {}

    async def counted() -> bool:
        shown.update((await quick_scene.client.get(made["links"]["self"])).json())
        return bool(shown["finished"] == 2)

    await eventually(counted)
    assert [(item["agent_id"], item["failure"]) for item in shown["items"]] == [
        ("agent_0001", None),
        ("agent_0009", "its turns are not of the present timeline any more"),
    ]


async def test_the_export_has_a_row_per_agent_with_what_it_is_worth(scene: Scene) -> None:
    await people(scene, 3, response="=HYPERLINK(1)")
    made = await post(scene, fields=["response", "concerns", "demographics"])
    answer = await scene.client.get(made["links"]["csv"])
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["agent_id"] for row in rows] == ["agent_0001", "agent_0002", "agent_0003"]
    assert rows[0]["response"] == "'=HYPERLINK(1)"
    assert rows[0]["response (how)"] == "recorded"
    assert rows[0]["demographics"] == "age: 34; gender: female; region: West"
    assert (rows[0]["simulated"], rows[0]["evidence_grade"], rows[0]["effective_n"]) == ("true", "C", "0")
    lines = (await scene.client.get(made["links"]["csv"].replace("csv", "json"))).text.splitlines()
    assert [json.loads(line)["agent_id"] for line in lines] == [row["agent_id"] for row in rows]


async def test_there_is_no_summary_while_the_planned_responses_are_not_in(quick_scene: Scene) -> None:
    plan, turns = campaign()
    await quick_scene.publish(created(plan), frozen(plan), *build.recorded(turns[:20]))
    await quick_scene.counted(20)
    made = await post(quick_scene, fields=["open_rate"])
    assert (await quick_scene.client.get(made["links"]["summary"])).status_code == 409
    await quick_scene.publish(*build.recorded(turns[20:]), analyse(len(turns)))
    await quick_scene.completed()
    assert (await quick_scene.client.get(made["links"]["summary"])).json()["n"] == 20


async def test_what_cannot_be_extracted_is_refused_with_the_field(quick_scene: Scene) -> None:
    await people(quick_scene, 2)
    wrong: list[tuple[dict[str, Any], int, str]] = [
        ({"fields": []}, 422, "fields"),
        ({"fields": ["a", "a"]}, 422, "fields"),
        ({"fields": ["a"], "fields_hints": {"b": "c"}}, 422, "fields_hints"),
        ({"fields": ["a"], "model": "gpt-nobody"}, 502, ""),
        ({"fields": ["a"], "arm": "nobody"}, 422, "arm"),
        ({"fields": ["a"], "simulation_id": "sim_none"}, 404, ""),
        ({"fields": ["a"], "hints": {}}, 422, "hints"),
    ]
    for spec, status, field in wrong:
        answer = await quick_scene.client.post("/results/extract", json={"simulation_id": "sim_1", **spec})
        assert answer.status_code == status, answer.text
        assert [one["field"] for one in answer.json()["errors"]] == ([field] if field else [])
    assert (await quick_scene.client.get("/results/sim_1/extractions/ext_none")).status_code == 404


# --- with a language model -------------------------------------------------------------------------------------------


def blocks(request: dict[str, Any]) -> dict[str, Any]:
    return read_blocks(ChatMessage(**message) for message in request["messages"])


def reads(request: dict[str, Any], _number: int) -> Answer:
    """A model that reads: one list and one number for everybody, nothing for agent 3."""
    person = blocks(request)["record"]["turns"][0]["said"]
    fields = (
        {"concerns": ["the price"], "likelihood": 7} if person != "I am 3." else {"concerns": [], "likelihood": None}
    )
    return completion(json.dumps({"fields": fields}))


async def said(scene: Scene, count: int) -> None:
    turns = [build.turn(number, "all", {"bought": True}, response=f"I am {number}.") for number in range(1, count + 1)]
    await scene.publish(created(None), *build.recorded(turns))
    await scene.counted(count)


async def test_a_model_reads_what_is_not_recorded_in_one_call_per_agent(online_scene: Scene, provider: Stub) -> None:
    provider.answer = reads
    await said(online_scene, 5)
    asked = {
        "fields": ["bought", "concerns", "likelihood"],
        "fields_hints": {"likelihood": "from 0 to 10"},
        "extraction_objective": "Find out why people hesitate.",
        "model": "some-model",
    }
    made = await post(online_scene, 202, **asked)
    done = await completed(online_scene, made)
    assert done["fields"] == {"bought": "recorded", "concerns": "model", "likelihood": "model"}
    assert (done["finished"], done["failed"], done["usage"]["calls"]) == (5, 0, 5)
    first, third = done["items"][0], done["items"][2]
    assert first["fields"] == {"bought": True, "concerns": ["the price"], "likelihood": 7}
    assert first["ways"] == {"bought": "recorded", "concerns": "model", "likelihood": "model"}
    assert third["fields"] == {"bought": True, "concerns": None, "likelihood": None}
    assert third["notes"]["likelihood"] == "the model found nothing that answers it"
    assert len(provider.requests) == 5
    shown = blocks(provider.requests[0])
    assert shown["task"]["fields"] == [
        {"name": "concerns", "hint": None},
        {"name": "likelihood", "hint": "from 0 to 10"},
    ]
    assert shown["record"]["person"]["region"] == "West"
    schema = provider.requests[0]["response_format"]["json_schema"]["schema"]
    assert list(schema["properties"]["fields"]["properties"]) == ["concerns", "likelihood"]
    again = await completed(online_scene, await post(online_scene, 202, **asked))
    assert [item["fields"] for item in again["items"]] == [item["fields"] for item in done["items"]]
    assert len(provider.requests) == 5


async def test_whoever_said_nothing_is_not_asked_about_and_has_not_failed(online_scene: Scene, provider: Stub) -> None:
    silent = {"response": None, "reasoning": None}
    turns = [build.turn(1, "all", {"bought": True}, **silent), build.turn(2, "all", None, **silent)]
    await online_scene.publish(created(None), *build.recorded(turns))
    await online_scene.counted(2)
    made = await post(online_scene, 202, fields=["concerns", "bought"], model="some-model")
    one, two = (await completed(online_scene, made))["items"]
    assert (one["failure"], one["notes"], one["fields"]["bought"]) == (
        None,
        {"concerns": "nothing was said or thought"},
        True,
    )
    assert two["failure"] == "the model gave no valid answer"
    assert provider.requests == []


async def test_a_reply_that_stays_unreadable_fails_that_agent_and_is_counted(
    online_scene: Scene, provider: Stub
) -> None:
    def sometimes(request: dict[str, Any], number: int) -> Answer:
        is_second = blocks(request)["record"]["turns"][0]["said"] == "I am 2."
        return error(400, "no") if is_second else reads(request, number)

    provider.answer = sometimes
    await said(online_scene, 3)
    made = await post(online_scene, 202, fields=["concerns", "bought"], model="some-model")
    done = await completed(online_scene, made)
    assert (done["finished"], done["failed"]) == (3, 1)
    lost = done["items"][1]
    assert lost["failure"]
    assert lost["fields"] == {"concerns": None, "bought": True}
    assert lost["notes"]["concerns"] == lost["failure"]


async def test_a_model_that_is_not_there_is_refused_with_those_that_are(online_scene: Scene) -> None:
    await said(online_scene, 1)
    spec = {"simulation_id": "sim_1", "fields": ["a"], "model": "gpt-nobody"}
    answer = await online_scene.client.post("/results/extract", json=spec)
    assert answer.status_code == 422
    [problem] = answer.json()["errors"]
    assert (problem["field"], set(problem["allowed"])) == ("model", {"offline", "some-model"})


async def test_a_service_that_is_stopped_goes_on_with_the_agents_that_are_left(
    nats_url: str, database_url: str, tmp_path: Path, provider: Stub
) -> None:
    provider.answer = lambda request, number: replace(reads(request, number), delay_s=0.0 if number <= 40 else 0.3)
    models = create_models(
        ModelsSettings(
            database_url=sqlite_database("models", tmp_path / "models.db"),
            upstream_url=provider.url,
            upstream_models="some-model",
            probe=False,
            concurrency=10,
        )
    )
    settings = Settings(database_url=database_url, nats_url=nats_url, models_url="local://models", ack_wait_s=1)
    async with running("models", models), peer(nats_url) as others:
        async with running("results", create_app(settings)) as client:
            first = Scene(client, others)
            await said(first, 200)
            made = await post(first, 202, fields=["concerns"], model="some-model")

            async def begun() -> bool:
                return bool((await client.get(made["links"]["self"])).json()["finished"])

            await eventually(begun)
        async with running("results", create_app(settings)) as client:
            done = await completed(Scene(client, others), made)
    assert (done["planned"], done["finished"], done["failed"]) == (200, 200, 0)
    assert len({item["agent_id"] for item in done["items"]}) == 200
    assert len(provider.requests) == 200
