"""One turn of the offline model: blocks and response schema in, a reply that is valid by the schema out."""

from collections.abc import Mapping, Sequence
from typing import cast

from pydantic import ValidationError

from libs.contracts.base import JsonObject
from libs.contracts.instruments import Answer, Instrument, MetricType
from services.models.domain.offline import speech
from services.models.domain.offline.laws import Law
from services.models.domain.offline.mind import Mind, funnel, meet
from services.models.domain.offline.noise import Noise
from services.models.domain.offline.schemas import fill, fits, properties_of

_DEFAULTS: JsonObject = {
    "type": "text",
    "question": "",
    "minimum": None,
    "maximum": None,
    "options": (),
    "requires": None,
    "role": "secondary",
}
_TYPE_BY_SCHEMA = {
    "boolean": MetricType.BINARY,
    "integer": MetricType.ORDINAL,
    "number": MetricType.NUMERIC,
    "string": MetricType.TEXT,
    "array": MetricType.RANKING,
}


def read_instruments(questions: object) -> tuple[Instrument, ...]:
    """The instruments of a questions block; an entry that is none is left out, a missing field gets its default."""
    found = []
    for question in questions if isinstance(questions, list | tuple) else ():
        if isinstance(question, Mapping):
            try:
                found.append(Instrument.model_validate({**_DEFAULTS, **question}))
            except ValidationError:
                continue
    return tuple(found)


def reply(
    persona: object,
    stimulus: object,
    instruments: Sequence[Instrument],
    schema: JsonObject | None,
    call_key: str,
) -> JsonObject:
    """The reply of one person to one call. Without a schema, the whole turn."""
    noise = Noise(call_key)
    mind = meet(persona, stimulus)
    asked = [*instruments, *_only_in_schema(instruments, schema)]
    answers, confidence = draw_answers(mind, asked, noise)
    answered = [(instrument, answers.get(instrument.name)) for instrument in asked]
    thought, _named = speech.think(mind.dispositions, mind.stimulus, asked)
    said = speech.talk(mind.dispositions, mind.stimulus, answered, mind.sentiment)
    turn: JsonObject = {
        "actions": [
            {"type": "THINK", "content": thought, "target": ""},
            {"type": "TALK", "content": said, "target": ""},
            {"type": "DONE", "content": "", "target": ""},
        ],
        "mental_state": {
            "goals": speech.goals(persona),
            "attention": speech.attention(mind.stimulus),
            "emotions": speech.emotions(mind.dispositions, mind.sentiment),
            "sentiment": round(mind.sentiment, 2),
        },
        "answers": {name: list(answer) if isinstance(answer, tuple) else answer for name, answer in answers.items()},
        "confidence": round(confidence, 3),
    }
    return turn if schema is None else _by_schema(turn, schema, noise, said)


def draw_answers(mind: Mind, instruments: Sequence[Instrument], noise: Noise) -> tuple[dict[str, Answer], float]:
    """The answer to each metric within its funnel, and the mean margin by which they were decided."""
    answers: dict[str, Answer] = {}
    margins: list[float] = []
    for instrument, required in funnel(instruments):
        law: Law | None = mind.law(instrument)
        is_reached = required is None or answers[required] is True
        answer = law.draw(noise, instrument.name) if law is not None and is_reached else None
        answers[instrument.name] = answer
        margin = law.margin(answer) if law is not None and answer is not None else None
        if margin is not None:
            margins.append(margin)
    ordered = {instrument.name: answers[instrument.name] for instrument in instruments}
    return ordered, sum(margins) / len(margins) if margins else 0.5


def _by_schema(turn: JsonObject, schema: JsonObject, noise: Noise, text: str) -> JsonObject:
    """What the schema asks for, from the turn where that fits, filled where it does not."""
    shaped: JsonObject = {}
    for name, part in properties_of(schema).items():
        value = turn.get(name)
        if name == "answers" and isinstance(value, dict) and properties_of(part):
            value = {
                metric: value[metric]
                if metric in value and fits(value[metric], wanted)
                else fill(wanted, noise, text, metric)
                for metric, wanted in properties_of(part).items()
            }
        elif name not in turn or not fits(value, part):
            value = fill(part, noise, text, name)
        shaped[name] = value
    return shaped


def _only_in_schema(instruments: Sequence[Instrument], schema: JsonObject | None) -> list[Instrument]:
    """Instruments for the answers that the schema asks for and no question describes."""
    known = {instrument.name for instrument in instruments}
    wanted = properties_of(properties_of(schema).get("answers"))
    return [_guess(name, part) for name, part in wanted.items() if name not in known]


def _guess(name: str, schema: object) -> Instrument:
    """The instrument that an answer's schema describes."""
    part = schema if isinstance(schema, Mapping) else {}
    branches = part.get("anyOf")
    if isinstance(branches, list):
        part = next((branch for branch in branches if isinstance(branch, Mapping) and branch.get("type") != "null"), {})
    given = part.get("type")
    kind = next((name for name in given if name != "null"), None) if isinstance(given, list) else given
    listed = part.get("enum") or (part.get("items") or {}).get("enum") or []
    options = tuple(option for option in listed if isinstance(option, str))
    numbers = [value for value in listed if isinstance(value, int | float) and not isinstance(value, bool)]
    metric = _TYPE_BY_SCHEMA.get(cast(str, kind), MetricType.TEXT)
    return Instrument(
        name=name,
        type=MetricType.CHOICE if options and kind == "string" else metric,
        question=str(part.get("description", "")),
        minimum=min(numbers) if numbers else part.get("minimum"),
        maximum=max(numbers) if numbers else part.get("maximum"),
        options=options,
        requires=None,
        role="secondary",
    )
