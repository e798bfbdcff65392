"""Stories: a chronicle by rules, a narrative by a model, both a chain of parts that is kept; on both stores."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from libs.contracts.turns import TurnReply, TurnRequest
from services.communication.domain.chronicle import chronicle
from services.communication.domain.history import HistoryEntry, HistoryKind
from tests.services.communication.parts import EMAIL, SIMULATION, Stage, delivery, reply, stage

ENTRY = HistoryEntry(
    id="t-1",
    timeline_id="main",
    sequence=1,
    agent_id="agent_0001",
    name="Ana",
    arm="all",
    round=1,
    step_id="step_1",
    kind=HistoryKind.TALK,
    content="Hello",
    channel=None,
    conversation_id=None,
    target=None,
    heard_by=None,
    simulated_at=None,
    at=datetime(2026, 11, 22, tzinfo=UTC),
    cluster_id="agent_0001",
)


def entry(sequence: int, kind: str, content: Any, **changes: Any) -> HistoryEntry:
    return replace(ENTRY, sequence=sequence, kind=HistoryKind(kind), content=content, **changes)


def told(*entries: HistoryEntry, words: int = 1_000) -> str:
    found = chronicle(entries, words)
    assert found is not None
    return found.text


def test_a_chronicle_tells_every_kind_of_item_and_adds_nothing() -> None:
    assert told(
        entry(1, "stimulus", "Half price today", channel="email"),
        entry(2, "think", "Really?"),
        entry(3, "talk", "Show me", target="Bo"),
        entry(4, "reach_out", "", target="Bo"),
        entry(5, "answer", {"open_rate": True, "intent": 4.0, "why": "It is cheap", "rank": ("a", "b"), "click": None}),
        entry(6, "failure", "no valid answer", agent_id="agent_0002", name="Bo"),
        entry(7, "tool", {"tool": "word_processor", "action": "WRITE_DOCUMENT", "feedback": "Saved", "artefacts": ()}),
        entry(8, "talk", "Later.", round=2),
    ) == (
        "Round 1. Ana met this (email): “Half price today.” Ana thought: “Really?” Ana said to Bo: “Show me.” "
        "Ana turned to Bo. Asked, Ana answered open rate: yes; intent: 4; why: “It is cheap”; rank: a, then b; "
        "click: not reached.\n\n"
        "Of Bo nothing is recorded here: no valid answer.\n\n"
        "Ana used the word processor (write document): “Saved.”\n\n"
        "Round 2. Ana said: “Later.”"
    )


def test_what_several_agents_were_shown_alike_is_told_once() -> None:
    shown = {"content": "Half price today", "kind": "stimulus"}
    text = told(
        entry(1, **shown),
        entry(2, "talk", "Nice", agent_id="agent_0001"),
        entry(3, **shown, agent_id="agent_0002", name="Bo"),
        entry(4, "talk", "No", agent_id="agent_0002", name="Bo"),
    )
    assert text.count("Half price") == 1
    assert text.endswith("Bo said: “No.”")


def test_a_part_ends_with_a_whole_item_and_has_at_least_one() -> None:
    entries = [entry(place, "talk", "one two three four five") for place in range(1, 9)]
    part = chronicle(entries, 20)
    assert part is not None
    assert (part.through, part.text.count("said")) == (2, 2)
    long = chronicle([entry(1, "talk", "word " * 500)], 20)
    assert long is not None
    assert long.through == 1
    assert len(long.text) < 300
    assert chronicle([], 20) is None


@pytest.fixture
async def service(nats_url: str, database_url: str) -> AsyncIterator[Stage]:
    """A simulation of three agents that met something twice."""
    async with stage(nats_url, database_url) as around:
        await around.population(3)
        await around.simulation()
        for number in (1, 2):
            step = {"step_id": f"step_{number}", "round": number, "delivery_id": f"dlv_{number}"}
            await around.send("orchestrator", delivery(3, **step))
            await around.completed(number)
        yield around


async def tell(service: Stage, status: int = 201, **spec: Any) -> dict[str, Any]:
    answer = await service.client.post(f"/communications/{SIMULATION}/story", json=spec)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


async def test_a_chronicle_goes_on_where_it_ended_until_nothing_is_left(service: Stage) -> None:
    items = await service.history()
    part = await tell(service, words=40)
    texts = [part["text"]]
    assert (part["part"], part["kind"], part["model"], part["usage"]["calls"]) == (1, "chronicle", "offline", 0)
    while part["through"] < items[-1]["sequence"]:
        part = await tell(service, words=40, story_id=part["story_id"])
        texts.append(part["text"])
    ended = await tell(service, 409, words=40, story_id=part["story_id"])
    assert "nothing to tell" in ended["detail"]
    story = (await service.client.get(part["links"]["story"])).json()
    assert story["text"] == "\n\n".join(texts)
    assert [one["part"] for one in story["parts"]] == list(range(1, len(texts) + 1))
    assert story["text"].count("Person 3 said: “Hm.”") == 2
    assert EMAIL.content in story["text"]
    listed = (await service.client.get(f"/communications/{SIMULATION}/stories")).json()["items"]
    assert [(one["story_id"], one["parts"]) for one in listed] == [(part["story_id"], len(texts))]


async def test_a_chronicle_says_which_wishes_it_did_not_follow(service: Stage) -> None:
    part = await tell(service, requirements="Make it a comedy.", include_plot_twist=True, agent_id="agent_0002")
    assert part["notes"] == [
        "a chronicle tells what was recorded: requirements and include_plot_twist need a language model in `model`"
    ]
    assert "Person 1" not in part["text"]
    assert (await tell(service))["notes"] == []


async def test_a_model_tells_the_parts_from_the_record_and_what_was_told_before(service: Stage) -> None:
    parts = iter(["Once upon a morning.\n\nAna frowned.", "Then it rained."])

    def write(turn: TurnRequest) -> TurnReply:
        return reply(turn, json.dumps({"content": next(parts)}))

    service.models.script = write
    first = await tell(service, model="some-model", first_n=2, last_n=3, words=50, purpose="For the board.")
    assert (first["kind"], first["text"], first["model"]) == (
        "narrative",
        "Once upon a morning.\n\nAna frowned.",
        "scripted",
    )
    shown = service.models.blocks()
    assert shown["task"] == {"words": 50, "requirements": "Begin the story.", "purpose": "For the board."}
    assert len(shown["record"]["items"]) == 5
    assert shown["record"]["omitted"] == 19
    assert shown["record"]["items"][0]["who"] == "Person 1"
    assert "story" not in shown
    second = await tell(
        service,
        model="some-model",
        story_id=first["story_id"],
        requirements="Ana changes her mind.",
        include_plot_twist=True,
    )
    shown = service.models.blocks()
    assert shown["story"] == ["Once upon a morning.\n\nAna frowned."]
    assert (shown["task"]["requirements"], shown["task"]["plot_twist"]) == ("Ana changes her mind.", True)
    assert len(shown["record"]["items"]) == 24
    assert "omitted" not in shown["record"]
    assert (second["part"], second["text"]) == (2, "Then it rained.")


async def test_what_cannot_be_told_is_refused_with_its_reason(service: Stage) -> None:
    service.models.script = lambda turn: reply(turn, "{}")
    assert (await tell(service, 502, model="some-model"))["detail"] == "the reply holds no text"
    unknown = await tell(service, 422, model="gpt-nobody")
    assert unknown["errors"][0]["allowed"] == ["offline", "some-model"]
    assert (await tell(service, 422, words=3))["errors"][0]["field"] == "words"
    assert "agent or conversation" in (await tell(service, 409, agent_id="agent_0099"))["detail"]
    assert (await tell(service, 404, story_id="sty_none"))["detail"].startswith("There is no story")
    assert (await service.client.get("/communications/sim_none/stories")).status_code == 404
    assert (await service.client.get(f"/communications/{SIMULATION}/stories")).json()["items"] == []
