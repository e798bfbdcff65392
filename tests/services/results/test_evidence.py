"""No number leaves without what it is worth."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from libs.contracts import evidence
from libs.contracts.base import Data
from libs.contracts.evidence import AboutPeople, Evidence, View
from services.results import api

INTERVALS = {"interval", "confidence_interval"}


def schemas() -> dict[str, Any]:
    app = FastAPI()
    app.include_router(api.router)
    return dict(app.openapi()["components"]["schemas"])


def bare(known: dict[str, Any], schema: Any, *, has_evidence: bool, seen: frozenset[str]) -> Iterator[str]:
    """Names of schemas below this one that hold an interval while nothing above it requires evidence."""
    if isinstance(schema, list):
        for part in schema:
            yield from bare(known, part, has_evidence=has_evidence, seen=seen)
    elif isinstance(schema, dict):
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        if name and name not in seen:
            target = known[name]
            inside = has_evidence or "evidence" in target.get("required", ())
            if not inside and INTERVALS & set(target.get("properties", {})):
                yield name
            yield from bare(known, target, has_evidence=inside, seen=seen | {name})
        for part in schema.values():
            yield from bare(known, part, has_evidence=has_evidence, seen=seen)


def test_every_interval_that_the_service_answers_stands_with_required_evidence() -> None:
    app = FastAPI()
    app.include_router(api.router)
    known = schemas()
    answers = [operation["responses"] for path in app.openapi()["paths"].values() for operation in path.values()]
    assert "Estimate" in known
    assert set(bare(known, answers, has_evidence=False, seen=frozenset())) == set()


def test_an_interval_without_evidence_would_be_found() -> None:
    known = {
        "Bare": {"properties": {"interval": {}}},
        "Told": {"required": ["evidence"], "properties": {"interval": {}}},
    }
    answers = [{"$ref": "#/components/schemas/Bare"}, {"$ref": "#/components/schemas/Told"}]
    assert list(bare(known, answers, has_evidence=False, seen=frozenset())) == ["Bare"]


def test_no_field_of_the_evidence_can_be_left_out() -> None:
    assert all(field.is_required() for field in Evidence.model_fields.values())


@pytest.mark.parametrize(
    "kind",
    [kind for kind in vars(evidence).values() if isinstance(kind, type) and issubclass(kind, Data)],
    ids=lambda kind: kind.__name__,
)
def test_a_type_of_estimate_requires_evidence(kind: type[Data]) -> None:
    if "interval" in kind.model_fields and kind not in {AboutPeople, View}:  # which stand within an estimate
        assert kind.model_fields["evidence"].is_required()
