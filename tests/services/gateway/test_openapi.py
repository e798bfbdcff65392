"""Merging API descriptions."""

from typing import Any

from services.gateway.domain.openapi import merge

REF = "#/components/schemas/"
PREFIXES = {"simulations": "orchestrator", "results": "results"}
OWN = {"openapi": "3.1.0", "info": {"title": "Rehearsal", "version": "1"}, "paths": {}}


def description(path: str, schemas: dict[str, Any], answer: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": REF + answer}}}
    return {
        "paths": {path: {"get": {"responses": {"200": {"content": content}}}}, "/internal": {"get": {}}},
        "components": {"schemas": schemas},
    }


def answer_of(merged: dict[str, Any], path: str) -> str:
    schema = merged["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    return str(schema["$ref"]).removeprefix(REF)


def test_only_public_paths_of_an_owner_are_described() -> None:
    merged = merge(OWN, {"results": description("/results/x", {"View": {"type": "object"}}, "View")}, PREFIXES)
    assert list(merged["paths"]) == ["/results/x"]


def test_components_that_are_the_same_are_shared() -> None:
    same = {"View": {"type": "object"}}
    owners = {
        "orchestrator": description("/simulations/x", same, "View"),
        "results": description("/results/x", same, "View"),
    }
    merged = merge(OWN, owners, PREFIXES)
    assert set(merged["components"]["schemas"]) == {"View", "Problem", "FieldProblem"}


def test_components_of_one_name_and_two_meanings_are_named_after_their_owners() -> None:
    owners = {
        "orchestrator": description("/simulations/x", {"View": {"type": "object"}}, "View"),
        "results": description("/results/x", {"View": {"type": "string"}}, "View"),
    }
    merged = merge(OWN, owners, PREFIXES)
    assert answer_of(merged, "/simulations/x") == "OrchestratorView"
    assert answer_of(merged, "/results/x") == "ResultsView"
    assert "View" not in merged["components"]["schemas"]


def test_a_shared_component_that_refers_to_two_meanings_is_not_shared() -> None:
    page = {"type": "array", "items": {"$ref": REF + "View"}}
    owners = {
        "orchestrator": description("/simulations/x", {"Page": page, "View": {"type": "object"}}, "Page"),
        "results": description("/results/x", {"Page": page, "View": {"type": "string"}}, "Page"),
    }
    schemas = merge(OWN, owners, PREFIXES)["components"]["schemas"]
    assert schemas["ResultsPage"]["items"]["$ref"] == REF + "ResultsView"
    assert schemas["OrchestratorPage"]["items"]["$ref"] == REF + "OrchestratorView"
