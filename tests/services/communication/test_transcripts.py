"""What was said in conversations as one text: who, in which order, in which group."""

from collections.abc import AsyncIterator

import pytest

from libs.contracts.turns import TurnReply, TurnRequest
from libs.documents.blocks import read_markdown
from libs.documents.text import to_text
from services.communication.domain.history import HistoryKind
from services.communication.domain.transcripts import Utterance, beginning, by_group, plain, transcript
from tests.services.communication.parts import SIMULATION, Stage, reply, stage

ATTACK = "# _x_ <script>alert(1)</script> [x](javascript:alert(1)) **bold** ![](//a) `c`\n\n## 1. A heading\n- - | a |"


def script(turn: TurnRequest) -> TurnReply:
    target = "Person 1" if turn.agent_id == "agent_0002" else ""
    talk = {"type": "TALK", "content": f"{turn.agent_id} <b>speaks</b>.", "target": target}
    actions = [
        {"type": "THINK", "content": "Hidden.", "target": ""},
        talk,
        {"type": "DONE", "content": "", "target": ""},
    ]
    return reply(turn, {"actions": actions, "mental_state": {}, "answers": {"open_rate": True}, "confidence": 1})


@pytest.fixture
async def service(nats_url: str, database_url: str) -> AsyncIterator[Stage]:
    async with stage(nats_url, database_url) as around:
        await around.population(6)
        await around.simulation()
        around.models.script = script
        yield around


async def test_a_focus_group_is_read_group_by_group_in_the_order_of_speaking(service: Stage) -> None:
    people = [f"agent_{number:04d}" for number in range(1, 5)]
    body = {
        "topic": "Breakfast.",
        "prompts": ["What did you have?"],
        "agent_ids": people,
        "groups": 2,
        "rounds": 2,
        "metrics": ["open_rate"],
    }
    accepted = await service.accepted("conversation/start", body)
    await service.run(accepted["id"])
    answer = await service.client.get(f"/communications/{SIMULATION}/transcript")
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert f'filename="rehearsal-{SIMULATION}.transcript.md"' in answer.headers["content-disposition"]
    said = r"\<b\>speaks\</b\>."
    [first, second] = answer.text.split("\n## ")[1:]
    assert [line for line in first.splitlines() if line] == [
        "talk-1, group-1-1",
        "### Round 1",
        "**Moderator**: Breakfast. What did you have?",
        rf"**Person 1** (agent_0001): agent_0001 {said}",
        rf"**Person 3** (agent_0003): agent_0003 {said}",
        "### Round 2",
        rf"**Person 1** (agent_0001): agent_0001 {said}",
        rf"**Person 3** (agent_0003): agent_0003 {said}",
    ]
    assert rf"**Person 2** (agent_0002) to Person 1: agent_0002 {said}" in second
    assert answer.text.startswith(rf"# Transcript of {plain(SIMULATION)}")
    assert "said by a model" in answer.text
    assert "Hidden" not in answer.text
    assert "open_rate" not in answer.text


async def test_where_nobody_talked_there_is_no_transcript(service: Stage) -> None:
    await service.run((await service.accepted("broadcast", {"content": "Hello."}))["id"])
    answer = await service.client.get(f"/communications/{SIMULATION}/transcript")
    assert (answer.status_code, answer.json()["detail"]) == (404, f"There is no talk in the simulation {SIMULATION!r}.")
    assert (await service.client.get("/communications/sim_9/transcript")).status_code == 404


def test_what_was_said_is_never_markup() -> None:
    said = [
        Utterance(kind, "s", 1, ATTACK, ATTACK, ATTACK, ATTACK, ATTACK)
        for kind in (HistoryKind.STIMULUS, HistoryKind.TALK, HistoryKind.FAILURE)
    ]
    written = beginning("sim_1") + "".join(transcript("talk-1", said))
    read = read_markdown(written)
    assert [type(block).__name__ for block in read] == [
        "Heading",
        "Quote",
        "Heading",
        "Heading",
        "Paragraph",
        "Paragraph",
        "Paragraph",
    ]
    assert to_text(read).count(" ".join(ATTACK.split())) == 9
    assert "<" not in written.replace("\\<", "")


def test_a_guide_is_told_from_what_everybody_hears_and_stands_there_once() -> None:
    guide = Utterance(HistoryKind.STIMULUS, "s", 1, "agent_1", "Ana", "Find out why.", None, None, is_guide=True)
    put = Utterance(HistoryKind.STIMULUS, "t", 3, "agent_2", "Bo", "Hello.", None, "Host")
    lines = "".join(transcript("talk-1", [guide, guide, put]))
    assert lines.count("*For Ana alone:* Find out why.") == 1
    assert "### Round 2\n\n**Host**: Hello.\n" in lines


async def test_an_interview_has_both_sides_and_each_is_apart(service: Stage) -> None:
    body = {
        "topic": "Why?",
        "kind": "interview",
        "interviewer_id": "agent_0006",
        "agent_ids": ["agent_0001", "agent_0002"],
        "rounds": 1,
    }
    await service.run((await service.accepted("conversation/start", body))["id"])
    text = (await service.client.get(f"/communications/{SIMULATION}/transcript")).text
    for number, part in enumerate(text.split("\n## ")[1:], start=1):
        lines = [line for line in part.splitlines() if line]
        assert lines[:3] == [f"talk-1, group-1-{number}", "### Round 1", "*For Person 6 alone:* Why?"]
        assert [line.split("**")[1] for line in lines[3:]] == ["Person 6", f"Person {number}"]
    assert text.count("\n## ") == 2


def test_who_asks_several_people_is_with_each_of_them() -> None:
    def said(agent: str, text: str) -> Utterance:
        return Utterance(HistoryKind.TALK, "s", 1, agent, agent, text, None, None)

    items = [said("i", "one"), said("a", "two"), said("i", "three"), said("b", "four"), said("i", "five")]
    found = by_group(items, {"group-1-1": ["i", "a"], "group-1-2": ["i", "b"]})
    assert {name: [one.content for one in of] for name, of in found.items()} == {
        "group-1-1": ["one", "two"],
        "group-1-2": ["three", "four", "five"],
    }
    assert list(by_group(items, {})) == [""]
