"""The published language: names, subjects, envelopes and examples."""

import json
import re
from datetime import UTC
from importlib import import_module
from pathlib import Path

import jsonschema
import pytest

from libs.bus.router import Mode
from libs.contracts import subjects
from libs.contracts.base import MessageData
from libs.contracts.envelope import Envelope, seal
from libs.contracts.orchestrator import SimulationState
from libs.contracts.population import PopulationFailed
from libs.contracts.registry import BY_TYPE, FROM_OUTSIDE, MESSAGES, consumed_by
from libs.schemas.__main__ import drift
from libs.schemas.render import event_schema, example_name, render

SCHEMAS = Path("schemas")
SUBSCRIBERS = ("orchestrator", "population", "intervention", "communication", "results", "validation", "webhooks")
EVENT = PopulationFailed(population_id="pop_1", reason="why")
by_type = pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.contract.name)


def test_types_are_unique() -> None:
    assert len(BY_TYPE) == len(MESSAGES)


@by_type
def test_names_follow_the_grammar(message: type[MessageData]) -> None:
    contract = message.contract
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", contract.name)
    assert contract.key in message.model_fields
    assert contract.consumers
    words = "".join(part.capitalize() for part in contract.name.split("-"))
    assert message.__name__ == words
    if contract.kind == "cmd":
        assert contract.consumers == (contract.service,), "a command has one owner"


@by_type
def test_the_example_is_valid_for_the_model_and_for_the_schema(message: type[MessageData]) -> None:
    document = json.loads((SCHEMAS / "examples" / example_name(message)).read_text())
    parsed = message.model_validate(document)
    jsonschema.validate(document, event_schema(message))
    assert json.loads(parsed.model_dump_json()) == document, "the example shows every field and no other"


def test_every_example_belongs_to_a_message() -> None:
    files = {path.name for path in (SCHEMAS / "examples").iterdir()}
    assert files == {example_name(message) for message in MESSAGES}


def test_the_committed_schemas_are_what_the_contracts_say() -> None:
    assert drift(render()) == []


@pytest.mark.parametrize("service", SUBSCRIBERS)
def test_a_service_handles_exactly_what_the_catalogue_says(service: str) -> None:
    router = import_module(f"services.{service}.handlers").router
    handled = {subscription.data for subscription in router.subscriptions if subscription.mode is not Mode.DEAD}
    assert handled == set(consumed_by(service))


@by_type
def test_the_owner_sends_the_message(message: type[MessageData]) -> None:
    """An event by its own service, a command by anyone but never by nobody; what comes from outside is declared so."""
    contract = message.contract
    if message in FROM_OUTSIDE:
        return
    owners = [contract.service] if contract.kind == "evt" else SUBSCRIBERS
    sources = [Path(f"services/{service}/{name}.py") for service in owners for name in ("events", "api/events")]
    assert any(message.__name__ in source.read_text() for source in sources if source.exists())


def test_a_derived_message_has_the_same_id_each_time_and_another_for_each_discriminator() -> None:
    cause = seal(EVENT, source="population")
    again = [seal(EVENT, source="orchestrator", cause=cause, discriminator=n).id for n in (0, 0, 1)]
    assert again[0] == again[1] != again[2]


def test_a_derived_message_keeps_correlation_and_tenant_and_names_its_cause() -> None:
    cause = seal(EVENT, source="population", tenant="acme", correlation_id="flow-1")
    derived = seal(EVENT, source="orchestrator", cause=cause)
    assert (derived.correlationid, derived.tenant, derived.causationid) == ("flow-1", "acme", cause.id)


def test_first_messages_differ() -> None:
    assert len({seal(EVENT, source="population").id for _ in range(3)}) == 3


def test_an_envelope_survives_its_headers() -> None:
    envelope = seal(EVENT, source="population", cause=seal(EVENT, source="population"), traceparent="00-ab-cd-01")
    headers = envelope.headers()
    assert Envelope.from_headers(headers) == envelope
    assert all(name == name.lower() for name in headers if name.startswith("ce-"))
    assert headers["Nats-Msg-Id"] == headers["ce-id"]


def test_a_subject_is_made_from_its_template() -> None:
    subject = subjects.concrete(EVENT.contract, "default", "pop_1")
    assert subject == "rehearsal.evt.default.population.population-failed.v1.pop_1"
    assert subjects.template(EVENT.contract) == "rehearsal.evt.*.population.population-failed.v1.*"
    assert subjects.dead_letter(subject) == "rehearsal.dlq.default.population.population-failed.v1.pop_1"


@pytest.mark.parametrize("bad", ["", "a.b", "a b", "*", ">", "ä", "x" * 121])
def test_a_key_that_would_break_a_subject_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in a subject"):
        subjects.concrete(EVENT.contract, "default", bad)


def test_what_a_newer_producer_added_is_ignored() -> None:
    assert PopulationFailed.model_validate({**EVENT.model_dump(), "since": "v1.1"}) == EVENT


def test_terminal_states_are_the_three_that_nothing_leaves() -> None:
    assert {state for state in SimulationState if state.is_terminal} == {"completed", "failed", "cancelled"}


def test_times_are_utc() -> None:
    assert seal(EVENT, source="population").time.tzinfo is UTC
