"""Every public operation stands in the permission table, and nothing else does."""

import json
from pathlib import Path

import pytest

from libs.contracts.identity import Role
from libs.contracts.permissions import POLICIES, SHARED, TABLE, is_open, methods_of, policy_of

ROOT = Path(__file__).parents[2]
PUBLIC = {
    f"{method.upper()} {path}"
    for path, operations in json.loads((ROOT / "schemas" / "openapi.json").read_text())["paths"].items()
    for method in operations
}
UNDESCRIBED = {"GET /metrics"}


def test_every_public_operation_has_a_policy() -> None:
    missing = sorted(PUBLIC - POLICIES.keys())
    assert not missing, f"name the least role of each in libs/contracts/permissions.py: {missing}"


def test_no_policy_is_for_an_operation_that_does_not_exist() -> None:
    assert POLICIES.keys() <= PUBLIC | UNDESCRIBED


def test_an_operation_has_one_policy() -> None:
    lines = [line.strip() for table in TABLE.values() for line in table.splitlines() if line.strip()]
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/turns"),
        ("POST", "/v1/chat/completions"),
        ("GET", "/simulations"),
        ("PUT", "/simulations/list"),
        ("GET", "/simulations/list/"),
        ("GET", "/simulations//status"),
        ("get", "/simulations/list"),
        ("HEAD", "/simulations/list"),
    ],
)
def test_what_the_table_does_not_name_has_no_policy(method: str, path: str) -> None:
    assert policy_of(method, path) is None
    assert not is_open(path)


def test_a_literal_path_goes_before_one_with_an_id() -> None:
    policy = policy_of("GET", "/agent-populations/list")
    assert policy is not None
    assert policy.operation == "GET /agent-populations/list"
    assert methods_of("/agent-populations/pop_1") == ["DELETE", "GET"]


def test_a_simulation_is_found_in_the_path() -> None:
    policy = policy_of("GET", "/results/sim_1/individual/agent_2")
    assert policy is not None
    assert policy.simulation_id == "sim_1"
    assert policy.is_shared


def test_what_a_link_shows_is_read_and_belongs_to_one_simulation() -> None:
    assert POLICIES.keys() >= SHARED
    assert all(name.startswith("GET ") and "{simulation_id}" in name for name in SHARED)
    assert {POLICIES[name] for name in SHARED} == {Role.VIEWER}


def test_a_viewer_changes_nothing() -> None:
    """Comparisons are asked by POST, because the question has a body."""
    asked = {
        "POST /agent-populations/compare",
        "POST /interventions/compare",
        "POST /interventions/{intervention_id}/power",
        "POST /results/compare-interventions",
    }
    changing = {name for name, role in POLICIES.items() if role == Role.VIEWER and not name.startswith("GET ")}
    assert changing == asked


def test_each_role_may_do_what_those_below_it_may() -> None:
    assert [[role.covers(needed) for needed in Role] for role in Role] == [
        [True, False, False, False],
        [True, True, False, False],
        [True, True, True, False],
        [True, True, True, True],
    ]
