"""One turn of the offline model: blocks and response schema in, a reply that is valid by the schema out."""

import math
from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from libs.contracts.base import JsonObject
from libs.contracts.instruments import Answer, Instrument, MetricType
from services.models.domain.offline import speech
from services.models.domain.offline.laws import Law, Ordinal
from services.models.domain.offline.mind import Mind, funnel, meet
from services.models.domain.offline.noise import Noise
from services.models.domain.offline.schemas import Form, branches_of, number_of, properties_of, types_of
from services.models.domain.offline.stages import stage_of
from services.models.domain.offline.tools import use_tools

Given = Answer | dict[str, float]
"""What is said to a question: an answer, or probabilities of answers."""
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


def with_options(instruments: Sequence[Instrument], options: object) -> tuple[Instrument, ...]:
    """The instruments with the options a block lists for those that have none of their own; the order means nothing."""
    listed = options if isinstance(options, Mapping) else {}
    found = []
    for instrument in instruments:
        given = listed.get(instrument.name)
        if isinstance(given, list) and not instrument.options:
            named = tuple(sorted({option for option in given if isinstance(option, str)}))
            instrument = instrument.model_copy(update={"options": named})
        found.append(instrument)
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
    answered = [
        (instrument, answer) for instrument in asked if not isinstance(answer := answers[instrument.name], dict)
    ]
    thought, _named = speech.think(mind.dispositions, mind.stimulus, asked)
    said = speech.talk(mind.dispositions, mind.stimulus, answered, mind.sentiment)
    turn: JsonObject = {
        "actions": [
            {"type": "THINK", "content": thought, "target": ""},
            {"type": "TALK", "content": said, "target": ""},
            *use_tools(schema, stimulus, thought, said),
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
    return _by_schema(turn, schema, noise, said) if schema is not None and properties_of(schema) else turn


def say(persona: object, stimulus: object) -> str:
    """What a person says to something, where nothing is asked and no form of the reply is given."""
    mind = meet(persona, stimulus)
    return speech.talk(mind.dispositions, mind.stimulus, (), mind.sentiment)


def draw_answers(mind: Mind, instruments: Sequence[Instrument], noise: Noise) -> tuple[dict[str, Given], float]:
    """What is answered to each metric within its funnel, and the mean margin by which that was decided.

    Where probabilities are asked for, they are those of the law, and what requires a yes is answered as if it came.
    """
    answers: dict[str, Given] = {}
    margins: list[float] = []
    for instrument, required in funnel(instruments):
        law: Law | None = mind.law(instrument)
        is_reached = required is None or answers[required] is True or isinstance(answers[required], dict)
        answer, margin = _given(mind, law, instrument, noise) if law is not None and is_reached else (None, None)
        answers[instrument.name] = answer
        if margin is not None:
            margins.append(margin)
    ordered = {instrument.name: answers[instrument.name] for instrument in instruments}
    return ordered, sum(margins) / len(margins) if margins else 0.5


def _given(mind: Mind, law: Law, instrument: Instrument, noise: Noise) -> tuple[Given, float | None]:
    """The answer in the form in which it is asked for, and the margin by which it was decided."""
    if instrument.elicitation == "distribution" and (probabilities := law.probabilities()):
        return probabilities, None
    answer = law.draw(noise, instrument.name)
    margin = law.margin(answer)
    if instrument.elicitation == "ssr" and isinstance(law, Ordinal) and isinstance(answer, int):
        share = (answer - law.lowest) / max(1, law.steps - 1)
        return speech.in_words(mind.dispositions, mind.stimulus, stage_of(instrument), share), margin
    return answer, margin


def _by_schema(turn: JsonObject, schema: JsonObject, noise: Noise, text: str) -> JsonObject:
    """What the schema asks for, from the turn where that fits, filled where it does not."""
    form = Form(schema)
    shaped: JsonObject = {}
    for name, part in properties_of(schema).items():
        value = turn.get(name)
        wanted = properties_of(form.resolve(part))
        if name == "answers" and wanted:
            shaped[name] = {metric: _part(turn[name], metric, wanted, form, noise, text) for metric in wanted}
        else:
            shaped[name] = value if name in turn and form.fits(value, part) else form.fill(part, noise, text, name)
    return shaped


def _part(answers: JsonObject, metric: str, wanted: JsonObject, form: Form, noise: Noise, text: str) -> object:
    """One answer: as it was given where that is valid."""
    if metric in answers and form.fits(answers[metric], wanted[metric]):
        return answers[metric]
    return form.fill(wanted[metric], noise, text, metric)


def _only_in_schema(instruments: Sequence[Instrument], schema: JsonObject | None) -> list[Instrument]:
    """Instruments for the answers that the schema asks for and no question describes."""
    if schema is None:
        return []
    form = Form(schema)
    known = {instrument.name for instrument in instruments}
    wanted = properties_of(form.resolve(properties_of(schema).get("answers")))
    return [_guess(name, form.resolve(part), form) for name, part in wanted.items() if name not in known]


def _guess(name: str, schema: JsonObject, form: Form) -> Instrument:
    """The instrument that an answer's schema describes."""
    branches = [form.resolve(branch) for branch in branches_of(schema)]
    part = next((branch for branch in branches if types_of(branch) != ["null"]), schema)
    kind = next((given for given in types_of(part) if given != "null"), "string")
    listed = part.get("enum", form.resolve(part.get("items")).get("enum"))
    values = listed if isinstance(listed, list) else []
    options = tuple(dict.fromkeys(value for value in values if isinstance(value, str)))
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    metric = _TYPE_BY_SCHEMA.get(kind, MetricType.TEXT)
    low, high = number_of(part, "minimum", math.nan), number_of(part, "maximum", math.nan)
    return Instrument(
        name=name,
        type=MetricType.CHOICE if options and kind == "string" else metric,
        question=str(part.get("description", "")),
        minimum=min(numbers) if numbers else None if math.isnan(low) else low,
        maximum=max(numbers) if numbers else None if math.isnan(high) else high,
        options=options,
        requires=None,
        role="secondary",
    )
