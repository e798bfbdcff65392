"""Tools in a simulation: offered by name, used in a turn, answered in the next, and what they made as files."""

import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docx
import pytest

from libs.contracts.base import JsonObject
from libs.contracts.turns import TurnReply, TurnRequest
from services.communication.adapters import ToolError, load_tools
from services.communication.app import create_app
from services.communication.settings import Settings
from tests.services.communication.parts import SIMULATION, Stage, delivery, reply, stage
from tests.support.apps import eventually

BASKET = "tests.services.communication.basket:Basket"
AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
REPORT = "# Report\n\nIt is **fine**.\n\n- one\n- two\n"


@pytest.fixture
async def service(nats_url: str, database_url: str) -> AsyncIterator[Stage]:
    async with stage(nats_url, database_url) as around:
        yield around


@pytest.fixture
async def embedded(nats_url: str, sqlite_url: str) -> AsyncIterator[Stage]:
    """For what does not depend on the store."""
    async with stage(nats_url, sqlite_url) as around:
        yield around


def act(*actions: tuple[str, str, str]) -> Any:
    """A script in which everybody does this."""
    done = [{"type": kind, "target": target, "content": content} for kind, target, content in actions]

    def script(turn: TurnRequest) -> TurnReply:
        return reply(turn, {"actions": done, "answers": {}})

    return script


async def deliver(around: Stage, number: int, agents: int = 1, **changes: Any) -> None:
    """One step after the others, with tools."""
    step = {"delivery_id": f"dlv_{number}", "step_id": f"step_{number}", "round": number, "place": number}
    command = delivery(agents, instruments=(), simulated_at=AT, **step, **({"tools": ("word_processor",)} | changes))
    await around.send("orchestrator", command)
    await around.completed(number)


async def artefacts(around: Stage, **query: Any) -> list[JsonObject]:
    answer = await around.client.get(f"/communications/{SIMULATION}/artefacts", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def ready(around: Stage, agents: int = 1) -> None:
    await around.population(agents)
    await around.simulation()
    await eventually(lambda: knows(around))


async def knows(around: Stage) -> bool:
    return (await around.client.get(f"/communications/{SIMULATION}/history")).status_code == 200


async def test_what_agents_write_is_there_once_and_the_history_says_how_it_came_about(service: Stage) -> None:
    await ready(service, 3)
    service.models.script = act(("THINK", "", "I write."), ("WRITE_DOCUMENT", "Report", REPORT), ("DONE", "", ""))
    await deliver(service, 1, 3)
    made = await artefacts(service)
    assert sorted(item["agent_id"] for item in made) == ["agent_0001", "agent_0002", "agent_0003"]
    [mine] = await artefacts(service, agent_id="agent_0002", tool="word_processor", type="document", step_id="step_1")
    assert (mine["name"], mine["author"], mine["format"], mine["content"]) == (
        "Report",
        "Person 2",
        "markdown",
        REPORT.strip(),
    )
    assert (mine["simulated_at"], mine["round"], mine["tool"]) == ("2026-01-05T09:00:00Z", 1, "word_processor")
    [used] = await service.history(agent_id="agent_0002", kind="tool")
    assert used["target"] == "Report"
    assert used["content"] == {
        "action": "WRITE_DOCUMENT",
        "tool": "word_processor",
        "feedback": "The document 'Report' was saved.",
        "artefacts": [mine["id"]],
    }
    assert await artefacts(service, type="event") == []


async def test_a_tool_is_offered_by_its_step_alone_and_answers_in_the_next_turn(embedded: Stage) -> None:
    await ready(embedded)
    embedded.models.script = act(("WRITE_DOCUMENT", "A", "one"), ("LIST_DOCUMENTS", "", ""))
    await deliver(embedded, 1)
    batch = embedded.models.batches[0]
    assert "WRITE_DOCUMENT" in str(batch.response_schema)
    assert "It is Monday, 2026-01-05, 09:00." in batch.shared[0].content
    await deliver(embedded, 2, tools=("word_processor", "calendar"))
    heard = embedded.models.blocks()["heard"]
    assert [(item["from"], item["kind"], item["text"]) for item in heard] == [
        ("word_processor", "tool", "The document 'A' was saved."),
        ("word_processor", "tool", "Your documents: A."),
    ]
    assert "CREATE_EVENT" in str(embedded.models.batches[1].response_schema)
    await deliver(embedded, 3, tools=None)
    assert "WRITE_DOCUMENT" not in str(embedded.models.batches[2].response_schema)
    assert "# Tools" not in embedded.models.batches[2].shared[0].content
    assert len(await artefacts(embedded)) == 2, "what no tool of the step is for is no action"


async def test_what_was_made_before_is_known_to_the_tool(embedded: Stage) -> None:
    await ready(embedded)
    embedded.models.script = act(("WRITE_DOCUMENT", "A", "one"))
    await deliver(embedded, 1)
    embedded.models.script = act(("READ_DOCUMENT", "a", ""))
    await deliver(embedded, 2)
    [used] = [item["content"] for item in await embedded.history(kind="tool", round=2)]
    assert used["feedback"] == "A:\none"


async def test_a_delivery_that_is_done_again_makes_nothing_twice(service: Stage) -> None:
    await ready(service, 4)
    service.models.script = act(("WRITE_DOCUMENT", "A", "one"))
    service.models.breaks_after = 2
    await deliver(service, 1, 4)
    made = await artefacts(service)
    assert sorted(item["agent_id"] for item in made) == [f"agent_{index:04d}" for index in range(1, 5)]
    assert len({item["id"] for item in made}) == 4


async def test_an_artefact_is_a_file_in_every_format(embedded: Stage) -> None:
    await ready(embedded)
    embedded.models.script = act(("WRITE_DOCUMENT", "Über ../x", REPORT))
    await deliver(embedded, 1)
    [made] = await artefacts(embedded)
    files = {}
    for wanted in ("md", "txt", "json", "html", "docx"):
        answer = await embedded.client.get(made["links"][wanted])
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"
        files[wanted] = answer
    assert files["md"].text == f"# Über ../x\n\n{REPORT}"
    assert files["md"].headers["content-disposition"] == 'attachment; filename="_ber_.._x.md"'
    assert files["html"].headers["content-type"].startswith("text/html")
    assert "<li><p>one</p></li>" in files["html"].text
    assert docx.Document(io.BytesIO(files["docx"].content)).core_properties.author == "Person 1"
    answer = await embedded.client.get(made["links"]["self"], params={"format": "pdf"})
    assert (answer.status_code, answer.json()["errors"][0]["allowed"]) == (422, ["md", "txt", "json", "html", "docx"])


async def test_what_is_no_text_is_a_file_as_it_stands(embedded: Stage) -> None:
    await ready(embedded)
    embedded.models.script = act(("CREATE_EVENT", "Dentist", '{"start": "2026-01-06T10:00"}'))
    await deliver(embedded, 1, tools=("calendar",))
    [made] = await artefacts(embedded)
    assert (made["type"], made["format"]) == ("event", "json")
    text = (await embedded.client.get(made["links"]["md"])).text
    assert text.startswith("# Dentist\n\n```json\n{")


async def test_artefacts_come_in_pages(embedded: Stage) -> None:
    await ready(embedded, 5)
    embedded.models.script = act(("WRITE_DOCUMENT", "A", "one"))
    await deliver(embedded, 1, 5)
    answer = (await embedded.client.get(f"/communications/{SIMULATION}/artefacts", params={"limit": 3})).json()
    rest = await artefacts(embedded, limit=3, cursor=answer["next_cursor"])
    assert len({item["id"] for item in [*answer["items"], *rest]}) == 5


async def test_what_is_not_there_is_not_found(embedded: Stage) -> None:
    await ready(embedded)
    for path in ("sim_nobody/artefacts", f"{SIMULATION}/artefacts/art_none"):
        assert (await embedded.client.get(f"/communications/{path}")).status_code == 404


async def test_a_request_for_an_unknown_tool_is_refused_with_those_there_are(embedded: Stage) -> None:
    await ready(embedded)
    body = {"simulation_id": SIMULATION, "content": "Hello", "tools": ["calendar", "abacus"]}
    answer = await embedded.client.post("/communications/broadcast", json=body)
    assert answer.status_code == 422, answer.text
    [error] = answer.json()["errors"]
    assert (error["field"], error["allowed"]) == ("tools.1", ["word_processor", "calendar"])


async def test_a_tool_that_is_no_longer_installed_fails_the_turns_that_want_it(embedded: Stage) -> None:
    await ready(embedded)
    await deliver(embedded, 1, tools=("abacus",))
    [failure] = await embedded.history(kind="failure")
    assert failure["content"] == "no tool 'abacus' here; known: word_processor, calendar"


async def test_a_tool_of_ones_own_works_once_the_settings_name_it(nats_url: str, sqlite_url: str) -> None:
    async with stage(nats_url, sqlite_url, tools=BASKET) as around:
        await ready(around)
        around.models.script = act(("ADD_ITEM", "", "milk"), ("ADD_ITEM", "", "bread"))
        await deliver(around, 1, tools=("basket",))
        assert [item["name"] for item in await artefacts(around)] == ["milk", "bread"]
        assert "basket: A shopping basket of one's own." in around.models.batches[0].shared[0].content


def test_an_installed_tool_is_found_by_its_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "shop-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: shop\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(f"[rehearsal.tools]\nbasket = {BASKET}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert load_tools().names == ("word_processor", "calendar", "basket")


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ("shop.tools:Basket", "tool 'shop.tools:Basket': ModuleNotFoundError: No module named 'shop'"),
        ("tests.services.communication.basket", "is written module:attribute"),
        ("tests.services.communication.basket:Gone", "AttributeError"),
        ("tests.services.communication.basket:Broken", "tool 'broken': needs name, instruction, actions and use"),
        (f"{BASKET}, {BASKET}", "tool 'basket': there is one of this name already"),
    ],
)
def test_a_tool_that_cannot_be_loaded_stops_the_start_and_is_named(named: str, says: str) -> None:
    with pytest.raises(ToolError) as caught:
        create_app(Settings(database_url="sqlite:///never-opened.db", tools=named))
    assert says in str(caught.value)
