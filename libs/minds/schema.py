"""JSON Schema of a turn, within the strict subset every structured-output engine accepts.

No `minimum`, `maximum` or `minItems`: some engines refuse a schema that has them. Scales stand in descriptions, short
ordinal scales in enumerations, and `libs.minds.turn` checks them all again.
"""

from functools import lru_cache

from libs.contracts.base import JsonObject
from libs.contracts.instruments import Instrument, MetricType
from libs.minds.scales import integer_scale, values_of

ACTION_TYPES = ("THINK", "TALK", "REACH_OUT", "RECALL", "DONE")
LONGEST_ENUMERATION = 21
EACH_ONCE = "every option once, best first"
"""By this description a list is known as a ranking, to the model and to who reads its reply."""
_TEXT: JsonObject = {"type": "string"}


@lru_cache(maxsize=256)
def turn_schema(instruments: tuple[Instrument, ...], tool_types: tuple[str, ...] = ()) -> JsonObject:
    """The schema of a turn that answers these instruments, with the actions that tools add.

    Built once for the same arguments and shared: do not change it.
    """
    types: JsonObject = {"type": "string", "enum": [*ACTION_TYPES, *tool_types]}
    action = _object({"type": types, "content": dict(_TEXT), "target": dict(_TEXT)})
    mental_state = _object(
        {
            "goals": dict(_TEXT),
            "attention": dict(_TEXT),
            "emotions": dict(_TEXT),
            "sentiment": {"type": "number", "description": "from -1 to 1"},
        }
    )
    return _object(
        {
            "actions": {"type": "array", "items": action},
            "mental_state": mental_state,
            "answers": _object({instrument.name: _answer(instrument) for instrument in instruments}),
            "confidence": {"type": "number", "description": "from 0 to 1"},
        }
    )


def _object(properties: JsonObject) -> JsonObject:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _answer(instrument: Instrument) -> JsonObject:
    match instrument.elicitation:
        case "distribution":
            answer = _object({value: {"type": "number"} for value in values_of(instrument)})
        case "ssr":
            answer = dict(_TEXT)
        case _:
            answer = _typed_answer(instrument)
    return answer if instrument.requires is None else {"anyOf": [answer, {"type": "null"}]}


def _typed_answer(instrument: Instrument) -> JsonObject:
    match instrument.type:
        case MetricType.BINARY:
            return {"type": "boolean"}
        case MetricType.CHOICE:
            return {"type": "string", "enum": list(instrument.options)}
        case MetricType.RANKING:
            option = {"type": "string", "enum": list(instrument.options)}
            return {"type": "array", "items": option, "description": EACH_ONCE}
        case MetricType.TEXT:
            return dict(_TEXT)
        case MetricType.ORDINAL | MetricType.NUMERIC:
            scale = integer_scale(instrument)
            if scale is not None and len(scale) <= LONGEST_ENUMERATION:
                return {"type": "integer", "enum": list(scale)}
            return {"type": "number" if scale is None else "integer", "description": _range(instrument)}


def _range(instrument: Instrument) -> str:
    ends = [("from", instrument.minimum), ("to", instrument.maximum)]
    return " ".join(f"{word} {end:.15g}" for word, end in ends if end is not None) or "any number"
