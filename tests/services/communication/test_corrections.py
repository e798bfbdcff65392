"""Turns that do not pass their checks are taken again, up to a limit, counted and paid; the best version counts."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from libs.contracts.protocol import Correction
from libs.contracts.turns import TurnReply, TurnRequest
from libs.minds.blocks import read_blocks
from tests.services.communication.parts import ANSWERS, Stage, delivery, reply, stage

RULES = Correction(checks=("fluency",), threshold=5, attempts=2)


@pytest.fixture
async def service(nats_url: str, database_url: str) -> AsyncIterator[Stage]:
    async with stage(nats_url, database_url) as around:
        await around.population(2)
        yield around


def said(turn: TurnRequest, text: str) -> TurnReply:
    actions = [{"type": "TALK", "content": text, "target": ""}]
    return reply(turn, {"actions": actions, "mental_state": {}, "answers": ANSWERS, "confidence": 1})


def judging(scores: Callable[[str], int]) -> Callable[[TurnRequest], TurnReply]:
    """A model that says which version of a turn it is, and judges each by what was said in it."""

    def script(turn: TurnRequest) -> TurnReply:
        blocks = read_blocks(turn.messages)
        if "draft" in blocks and "criticism" not in blocks:
            text = blocks["draft"]["actions"][0]["content"]
            return reply(turn, {"fluency": {"score": scores(text), "justification": f"{text!r} is dull"}})
        return said(turn, f"version {turn.draw}")

    return script


async def deliver(service: Stage, **changes: Any) -> dict[str, Any]:
    await service.send("orchestrator", delivery(1, correction=RULES, model="gpt", **changes))
    await service.completed()
    (response,) = await service.responses()
    return {"said": response.response, "times": response.regenerations, "calls": response.usage.calls}


async def test_a_turn_that_passes_is_judged_once_and_kept(service: Stage) -> None:
    service.models.script = judging(lambda text: 9)
    assert await deliver(service) == {"said": "version 0", "times": 0, "calls": 2}


async def test_a_flawed_turn_is_taken_again_with_the_criticism_and_the_better_one_counts(service: Stage) -> None:
    service.models.script = judging(lambda text: 8 if text == "version 1" else 2)
    assert await deliver(service) == {"said": "version 1", "times": 1, "calls": 4}
    shown = [read_blocks(turn.messages) for batch in service.models.batches for turn in batch.turns]
    (retake,) = [blocks for blocks in shown if "criticism" in blocks]
    assert retake["criticism"][0]["problem"] == "'version 0' is dull"


async def test_after_the_last_attempt_the_best_of_all_versions_counts(service: Stage) -> None:
    service.models.script = judging(lambda text: {"version 0": 1, "version 1": 4, "version 2": 3}[text])
    assert await deliver(service) == {"said": "version 1", "times": 2, "calls": 6}


async def test_a_turn_that_cannot_be_judged_is_kept_as_it_is(service: Stage) -> None:
    def script(turn: TurnRequest) -> TurnReply:
        return reply(turn, "no idea") if "draft" in read_blocks(turn.messages) else said(turn, "first")

    service.models.script = script
    assert await deliver(service) == {"said": "first", "times": 0, "calls": 2}


async def test_turns_of_the_offline_model_are_judged_by_rules_without_a_call(service: Stage) -> None:
    service.models.script = lambda turn: said(turn, "As a language model." if turn.draw == 0 else "Well, maybe later.")
    rules = RULES.model_copy(update={"checks": ("persona_adherence",)})
    await service.send("orchestrator", delivery(1, correction=rules))
    await service.completed()
    (response,) = await service.responses()
    assert (response.response, response.regenerations, response.usage.calls) == ("Well, maybe later.", 1, 2)


async def test_without_checks_nothing_is_counted(service: Stage) -> None:
    await service.send("orchestrator", delivery(1))
    await service.completed()
    (response,) = await service.responses()
    assert response.regenerations is None
