"""Interventions of every design on the whole platform in this process, with the offline model."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import yaml

from tests.e2e.test_estimates import platform, post
from tests.support.apps import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    async with platform(tmp_path_factory.mktemp("interventions")) as found:
        yield found


def study(name: str, size: int) -> dict[str, Any]:
    document = yaml.safe_load((Path("examples") / f"{name}.yaml").read_text())
    document["population"]["size"] = size
    return dict(document)


async def designed(client: httpx.AsyncClient, spec: dict[str, Any]) -> str:
    population = await post(client, "/agent-populations/create", {"seed": 3, **spec["population"]})
    body = {"seed": 3, **spec["intervention"], "population_id": population["id"]}
    return str((await post(client, "/interventions/create", body))["id"])


async def ended(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    found: dict[str, Any] = {}

    async def is_over() -> bool:
        found.update((await client.get(path)).json())
        return found.get("analysis") is not None and found.get("state") == "completed"

    await eventually(is_over, within_s=60)
    return found


async def test_every_design_runs_to_its_results(client: httpx.AsyncClient) -> None:
    studies = {name: study(name, 60) for name in ("within", "sequence", "factorial")}
    studies["factorial"]["intervention"]["target"] = {"attributes": {"age": [25, 70]}}
    identities = {name: await designed(client, spec) for name, spec in studies.items()}
    for identity in identities.values():
        await post(client, f"/interventions/{identity}/execute", {})
    results = {name: await ended(client, f"/interventions/{one}/results") for name, one in identities.items()}

    within = results["within"]
    assert within["plan"]["planned_n"] == {"plain": 60, "reason": 60, "use": 60}
    assert within["aggregate_results"]["total_responses"] == 180
    assert within["analysis"]["comparisons"][0]["evidence"]["clusters"] == 60
    assert "paired" in within["analysis"]["comparisons"][0]["method"]
    assert "60 simulated respondents" in within["analysis"]["verdict"]

    sequence = results["sequence"]
    assert sequence["aggregate_results"]["total_responses"] == 60
    assert set(sequence["analysis"]["answered"].values()) == {20}
    touched = [one["arm"] for one in sequence["individual_results"]]
    assert touched.count("sequence") == 20  # contacts that ask nothing are taken in, not answered

    factorial = results["factorial"]
    assert {one["kind"] for one in factorial["alarms"]} == {"control", "aa", "sample_ratio"}
    assert {one["contrast"]["factor"] for one in factorial["main_effects"]} == {"subject", "price"}
    assert factorial["decision"]["decision"] == "unclear"  # grade C says no more than a direction
    assert factorial["plan"]["randomisation"]["method"] == "blocked"
    assert factorial["plan"]["balance"]
    ages = [one["demographic_profile"]["age"] for one in factorial["individual_results"]]
    assert 25 <= min(ages) <= max(ages) <= 70

    monitored = (await client.get(f"/interventions/{identities['within']}/monitor")).json()
    assert monitored["answered"] == 180
    compared = await post(
        client, "/interventions/compare", {"intervention_ids": [identities["sequence"], identities["within"]]}
    )
    assert set(compared["decisions"]) == {identities["sequence"], identities["within"]}


async def test_an_effect_is_held_against_other_ways_and_other_words_of_asking(client: httpx.AsyncClient) -> None:
    identity = await designed(client, study("within", 20))
    said = {"name": "blunt", "questions": {"policy_support": "How far are you for it?"}}
    spec = {"seeds": [1], "elicitations": ["direct", "distribution"], "wordings": [said]}
    started = await post(client, f"/interventions/{identity}/robustness", spec)
    assert (len(started["configurations"]), started["is_complete"]) == (4, False)
    found: dict[str, Any] = {}

    async def is_complete() -> bool:
        found.update((await client.get(f"/interventions/{identity}/robustness")).json())
        return bool(found["is_complete"]) and found["analysed"] == 4

    await eventually(is_complete, within_s=60)
    effect = next(one for one in found["effects"] if one["role"] == "primary")
    assert len(effect["differences"]) == 4
    assert effect["lowest"] <= effect["median"] <= effect["highest"]
    assert effect["is_flagged"] == (effect["sign_agreement"] < 0.8)
    last = found["configurations"][-1]
    assert (last["elicitation"], last["wording"], last["questions"]) == ("distribution", "blunt", said["questions"])
    asked = (await client.get(f"/interventions/{identity}/results")).json()["plan"]["instruments"]
    assert {one["elicitation"] for one in asked if one["type"] == "ordinal"} == {"distribution"}
    assert "How far are you for it?" in {one["question"] for one in asked}
