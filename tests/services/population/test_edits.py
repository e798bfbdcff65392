"""One person edited by a JSON merge patch: what changes, what may not, and what is kept of how they were."""

import json
from typing import Any

import httpx
import pytest
import pytest_asyncio

from libs.contracts.population import PersonasChanged
from libs.minds.json_documents import merge_patch
from tests.support.peer import Peer
from tests.support.people_files import JON, MIRA

pytestmark = pytest.mark.asyncio(loop_scope="module")
SPEC = {"name": "Adults", "demographic_base": "uk_demographics", "size": 3, "seed": 8}
MERGE_PATCH = {"content-type": "application/merge-patch+json"}
# The examples of RFC 7396, appendix A, whose targets and patches are objects.
RFC_7396 = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest_asyncio.fixture(loop_scope="module")
async def here(client: httpx.AsyncClient) -> str:
    answer = await client.post("/agent-populations/create", json=SPEC)
    return str(answer.json()["links"]["self"])


async def edited(client: httpx.AsyncClient, here: str, patch: Any, **query: str) -> httpx.Response:
    content = patch if isinstance(patch, str) else json.dumps(patch)
    path = f"{here}/individuals/agent_0002"
    return await client.patch(path, content=content, headers=MERGE_PATCH, params=query)


async def person(client: httpx.AsyncClient, here: str, agent_id: str = "agent_0002") -> dict[str, Any]:
    return dict((await client.get(f"{here}/individuals/{agent_id}")).json())


@pytest.mark.parametrize(("target", "patch", "result"), RFC_7396)
async def test_a_patch_is_merged_as_the_standard_says(target: Any, patch: Any, result: Any) -> None:
    assert merge_patch(target, patch) == result


async def test_an_edit_changes_what_it_names_and_nothing_else(client: httpx.AsyncClient, here: str) -> None:
    was, neighbour = await person(client, here), await person(client, here, "agent_0001")
    patch = {
        "persona": {"style": "Dry.", "health": None, "preferences": {"likes": ["tea"]}, "motto": "Later."},
        "traits": {"trust": -0.25},
    }
    answer = await edited(client, here, patch)
    assert answer.status_code == 200, answer.text
    now = await person(client, here)
    assert now == answer.json()
    expected = {**was["persona"], "style": "Dry.", "motto": "Later."}
    expected["preferences"] = {**was["persona"]["preferences"], "likes": ["tea"]}
    del expected["health"]
    assert now["persona"] == expected
    assert now["traits"] == {**was["traits"], "trust": -0.25}
    assert (now["version"], now["demographic_profile"]) == (1, was["demographic_profile"])
    assert await person(client, here, "agent_0001") == neighbour
    segments = (await client.get(f"{here}/segments")).json()["segments"]
    people = [await person(client, here, f"agent_000{index}") for index in (1, 2, 3)]
    mean = sum(one["traits"]["trust"] for one in people) / 3
    assert segments[0]["mean_traits"]["trust"] == pytest.approx(mean, abs=0.001)


async def test_who_edited_what_and_why_is_kept(client: httpx.AsyncClient, here: str) -> None:
    was = await person(client, here)
    await edited(client, here, {"traits": {"trust": 0.5}}, author="Ines", note="met her in a pretest")
    await edited(client, here, {"persona": {"style": "Dry."}})
    last, first = (await person(client, here))["history"]
    assert [first["version"][name] for name in ("version", "kind", "state", "agent_ids", "changed")] == [
        1, "edit", "applied", ["agent_0002"], 1,
    ]  # fmt: skip
    assert first["version"]["edit"] == {
        "patch": {"traits": {"trust": 0.5}}, "author": "Ines", "note": "met her in a pretest",
    }  # fmt: skip
    assert first["change"]["before"] == {"persona": was["persona"], "traits": was["traits"]}
    assert first["change"]["after"]["traits"]["trust"] == 0.5
    assert last["change"]["before"] == first["change"]["after"]
    assert (last["version"]["version"], last["version"]["edit"]["author"]) == (2, None)
    listed = (await client.get(f"{here}/versions")).json()["items"]
    assert [version["kind"] for version in listed] == ["edit", "edit"]


async def test_the_others_are_told_of_an_edit(client: httpx.AsyncClient, here: str, others: Peer) -> None:
    population_id = here.rsplit("/", 1)[1]
    now = (await edited(client, here, {"persona": {"style": "Dry."}})).json()
    [told] = await others.published(PersonasChanged, key=population_id)
    assert told.version == 1
    assert [(agent.agent_id, agent.persona, agent.version) for agent in told.agents] == [
        ("agent_0002", now["persona"], 1)
    ]


async def test_an_edit_that_says_nothing_new_makes_no_version(client: httpx.AsyncClient, here: str) -> None:
    was = await person(client, here)
    for patch in ({}, {"persona": {}}, {"persona": {"style": was["persona"]["style"]}, "traits": {}}):
        assert (await edited(client, here, patch)).json() == was
    assert (await client.get(here)).json()["version"] == 0


async def test_plain_json_is_a_patch_too_and_nothing_else_is(client: httpx.AsyncClient, here: str) -> None:
    path, patch = f"{here}/individuals/agent_0001", {"persona": {"style": "Dry."}}
    assert (await client.patch(path, json=patch)).json()["version"] == 1
    answer = await client.patch(path, content=json.dumps(patch), headers={"content-type": "text/plain"})
    assert (answer.status_code, "application/merge-patch+json" in answer.json()["detail"]) == (415, True)


REFUSED: list[tuple[Any, str, str]] = [
    ({"age": 30}, "age", "protected"),
    ({"name": "Tom"}, "name", "protected"),
    ({"segment": "a"}, "segment", "protected"),
    ({"demographic_profile": {"gender": "male"}}, "demographic_profile", "protected"),
    ({"agent_id": "agent_0003"}, "agent_id", "protected"),
    ({"version": 9}, "version", "protected"),
    ({"mood": "good"}, "mood", "not a field"),
    ({"persona": {"age": 30}}, "persona.age", "protected"),
    ({"persona": {"name": None}}, "persona.name", "protected"),
    ({"persona": {"gender": "male"}}, "persona.gender", "protected"),
    ({"persona": {"residence": "Rome"}}, "persona.residence", "protected"),
    ({"persona": None}, "persona", "not an object"),
    ({"traits": [1]}, "traits", "not an object"),
    ({"traits": {"charm": 0.5}}, "traits.charm", "no known trait"),
    ({"traits": {"trust": 1.5}}, "traits.trust", "from -1 to 1"),
    ({"traits": {"trust": "high"}}, "traits.trust", "from -1 to 1"),
    ([1], "body", "not an object"),
    ("{", "body", "not JSON"),
    ('{"traits": {"trust": NaN}}', "traits.trust", "finite"),
    ('{"persona": {"a": 1, "a": 2}}', "persona", "more than once"),
    ({"persona": {"notes": "x" * 40_000}}, "persona", "larger than"),
    ("[" * 100_000, "body", "nested"),
]


@pytest.mark.parametrize(("patch", "field", "reason"), REFUSED)
async def test_what_may_not_be_edited_is_refused_by_name(
    client: httpx.AsyncClient, here: str, patch: Any, field: str, reason: str
) -> None:
    was = await person(client, here)
    answer = await edited(client, here, patch)
    assert answer.status_code == 422, answer.text
    [error] = answer.json()["errors"]
    assert (error["field"], reason in error["message"]) == (field, True), error
    assert await person(client, here) == was


async def test_what_an_imported_person_states_is_protected_and_the_rest_of_the_file_stays(
    client: httpx.AsyncClient,
) -> None:
    panel = (await client.post("/agent-populations/import", json={"name": "P", "agents": [MIRA, JON]})).json()
    here = panel["links"]["self"]
    assert (await edited(client, here, {"persona": {"occupation": None}})).status_code == 422
    assert (await edited(client, here, {"persona": {"motto": "Later."}})).status_code == 200
    file = (await client.get(f"{here}/individuals/agent_0002/agent.json")).json()
    assert file["persona"] == {**JON["persona"], "motto": "Later."}
    assert {key: file[key] for key in JON if key != "persona"} == {key: JON[key] for key in JON if key != "persona"}


async def test_nobody_there_cannot_be_edited(client: httpx.AsyncClient, here: str) -> None:
    assert (await client.patch(f"{here}/individuals/agent_0004", json={"traits": {}})).status_code == 404
    assert (await client.patch("/agent-populations/pop_x/individuals/agent_0001", json={})).status_code == 404
