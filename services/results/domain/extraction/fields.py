"""Which way each field is got, and getting it from the turns of one agent in one arm.

With a language model, what is not recorded is read by it, and so is a recorded field with a hint of its own: a hint
says that the words matter. Metrics and who somebody is are never read from words.
"""

from collections.abc import Mapping, Sequence

from libs.contracts.base import JsonObject
from libs.contracts.tools import ExtractionSpec
from libs.minds.field_extraction import FieldValue
from services.results.domain.extraction.model import Extracted, Value, Way
from services.results.domain.extraction.recorded import Recorded
from services.results.domain.extraction.rules import RULES
from services.results.domain.records import Study, Turn

ONLY_RULES = (
    "not recorded, and no rule finds it in words: name a language model in `model`, or ask for one of the recorded "
    "fields or for concerns, benefits, keywords, questions"
)
NOT_STATED = "the model found nothing that answers it"
HINT_NOT_READ = "as recorded: the offline model reads no hint"
GONE = "its turns are not of the present timeline any more"
NOTHING_SAID = "nothing was said or thought"


def ways_of(spec: ExtractionSpec, recorded: Recorded, *, is_offline: bool) -> dict[str, Way]:
    """The way of each field."""
    return {field: _way(spec, field, recorded, is_offline=is_offline) for field in spec.fields}


def _way(spec: ExtractionSpec, field: str, recorded: Recorded, *, is_offline: bool) -> Way:
    if recorded.is_exact(field) or (recorded.has(field) and (is_offline or field not in spec.fields_hints)):
        return Way.RECORDED
    if is_offline:
        return Way.RULES if field in RULES else Way.NONE
    return Way.MODEL


def extract(
    ways: Mapping[str, Way],
    hinted: Mapping[str, str],
    recorded: Recorded,
    turns: Sequence[Turn],
    read: Mapping[str, FieldValue] | None,
    failure: str | None,
) -> Extracted:
    """One agent's fields. `read` is what a model found; `failure` says why it found nothing."""
    latest = turns[-1]
    answered = [turn for turn in turns if turn.is_answered]
    fields: dict[str, Value] = {}
    notes: dict[str, str] = {}
    quotes: dict[str, list[str]] = {}
    got: dict[str, Way] = {}
    for field, way in ways.items():
        value, note = None, failure
        if way is Way.RECORDED:
            value, note = recorded.get(field, turns)
            if field in hinted and not recorded.is_exact(field):
                note = note or HINT_NOT_READ
        elif way is Way.RULES:
            found = RULES[field](answered)
            value, note = (found.value, None) if has_words(answered) else (None, NOTHING_SAID)
            if found.quotes:
                quotes[field] = found.quotes
        elif way is Way.NONE:
            note = ONLY_RULES
        elif not has_words(answered):
            note = NOTHING_SAID
        elif read is not None:
            value = read.get(field)
            note = NOT_STATED if value is None else None
        fields[field] = value
        got[field] = Way.NONE if value is None else way
        if note:
            notes[field] = note
    failed = None if answered else latest.failure or "every turn of the agent failed"
    return Extracted(
        agent_id=latest.agent_id,
        name=latest.name,
        segment=latest.segment,
        arm=latest.arm,
        fields=fields,
        ways=got,
        notes=notes,
        quotes=quotes,
        failure=failed or failure,
    )


def gone(ways: Mapping[str, Way], agent_id: str) -> Extracted:
    """An agent whose turns were there when the extraction began, and are no longer: it is counted all the same."""
    return Extracted(
        agent_id=agent_id,
        name="",
        segment=None,
        arm="",
        fields=dict.fromkeys(ways),
        ways=dict.fromkeys(ways, Way.NONE),
        notes={},
        quotes={},
        failure=GONE,
    )


def has_words(turns: Sequence[Turn]) -> bool:
    """True when there is anything to read."""
    return any(turn.response or turn.reasoning for turn in turns)


def record_of(study: Study, turns: Sequence[Turn]) -> tuple[JsonObject, list[JsonObject]]:
    """What a model is shown of one agent: who it is; what it met, thought, said, answered and felt, in order."""
    latest = turns[-1]
    shown = []
    for turn in turns:
        stimulus = study.stimulus(turn)
        moment: JsonObject = {
            "round": turn.round,
            "met": stimulus and stimulus.model_dump(mode="json", exclude_none=True),
            "thought": turn.reasoning,
            "said": turn.response,
            "answered": {name: answer for name, answer in turn.answers.items() if answer is not None} or None,
            "sentiment": turn.sentiment,
        }
        shown.append({name: value for name, value in moment.items() if value is not None})
    person = {"name": latest.name, "segment": latest.segment, **latest.demographic_profile}
    return {name: value for name, value in person.items() if value is not None}, shown
