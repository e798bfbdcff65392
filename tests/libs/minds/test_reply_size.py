"""How long a reply may be is told by its form."""

import json

from libs.contracts.base import JsonObject
from libs.contracts.ranges import Range
from libs.minds.reply_size import WORDS, reply_characters
from libs.minds.schema import turn_schema
from tests.services.models.people import FUNNEL


def form(**properties: JsonObject) -> JsonObject:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def test_what_the_form_fixes_is_counted_exactly() -> None:
    counted = reply_characters(form(mood={"enum": ["good"]}))
    assert counted == Range.exactly(len('{"mood":"good",}'))


def test_a_free_text_may_be_a_few_words_or_a_paragraph() -> None:
    bare, free = reply_characters(form(why={"enum": [""]})), reply_characters(form(why={"type": "string"}))
    assert free == bare.plus(WORDS)


def test_of_alternatives_the_shortest_and_the_longest_count() -> None:
    either = reply_characters({"anyOf": [{"type": "null"}, {"type": "string"}]})
    assert (either.low, either.high) == (4, WORDS.high + 2)


def test_a_turn_with_a_sentence_of_each_kind_lies_between_short_and_wordy() -> None:
    sentence = "I would look at it in the morning, and then think about what it costs us."
    action = {"type": "TALK", "content": sentence, "target": ""}
    reply = {
        "actions": [action, action],
        "mental_state": {"goals": "Rest.", "attention": "Mail.", "emotions": "Calm.", "sentiment": 0.2},
        "answers": {instrument.name: 1 for instrument in FUNNEL},
        "confidence": 0.5,
    }
    size = reply_characters(turn_schema(FUNNEL))
    assert size.low < len(json.dumps(reply)) < size.high
