"""Two populations side by side: distributions, distances, and no test of what was drawn."""

from typing import Any

import httpx
import pytest

from tests.support.people_files import JON, MIRA

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def drawn(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    spec = {"name": "Adults", "demographic_base": "usa_demographics", "size": 200, "seed": 1}
    return dict((await client.post("/agent-populations/create", json=spec | changes)).json())


async def compared(client: httpx.AsyncClient, *populations: dict[str, Any]) -> dict[str, Any]:
    body = {"population_ids": [population["id"] for population in populations]}
    answer = await client.post("/agent-populations/compare", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def shares(client: httpx.AsyncClient, population: dict[str, Any], attribute: str) -> dict[str, float]:
    people = (await client.get(population["links"]["individuals"], params={"limit": 200})).json()["items"]
    values = [person["demographic_profile"][attribute] for person in people]
    return {value: values.count(value) / len(values) for value in set(values)}


async def test_each_attribute_has_both_distributions_and_their_distance(client: httpx.AsyncClient) -> None:
    young = {"segments": [{"name": "young", "size": 200, "particularities": "25-35 years old, high income"}]}
    everybody, some = await drawn(client, name="All"), await drawn(client, name="Young", **young)
    found = await compared(client, everybody, some)
    assert [(found[side]["name"], found[side]["size"]) for side in ("first", "second")] == [
        ("All", 200),
        ("Young", 200),
    ]
    of = {difference["name"]: difference for difference in found["differences"]}
    for attribute in ("income_band", "age_band", "gender"):
        mine, theirs = await shares(client, everybody, attribute), await shares(client, some, attribute)
        listed = of[attribute]
        assert {each["value"]: each["share"] for each in listed["values"] if each["count"]} == pytest.approx(mine)
        assert {each["value"]: each["share"] for each in listed["other_values"] if each["count"]} == pytest.approx(
            theirs
        )
        distance = sum(abs(mine.get(one, 0) - theirs.get(one, 0)) for one in mine | theirs) / 2
        assert listed["total_variation"] == pytest.approx(distance, abs=1e-6)
    assert [each["value"] for each in of["age_band"]["values"]][:2] == ["18-24", "25-34"], "in the template's order"
    assert of["age"]["difference"] > 5
    assert [sum(each["count"] for each in of["age"][bins]) for bins in ("bins", "other_bins")] == [200, 200]
    distances = [one.get("total_variation", one.get("kolmogorov_smirnov")) for one in found["differences"]]
    assert distances == sorted(distances, reverse=True)
    assert "p_value" not in str(found)
    assert (await client.get(found["first"]["links"]["page"])).status_code == 200


async def test_a_population_beside_itself_differs_in_nothing(client: httpx.AsyncClient) -> None:
    population = await drawn(client)
    found = await compared(client, population, population)
    assert found["mean_total_variation"] == 0
    assert all(one.get("total_variation", one.get("kolmogorov_smirnov")) == 0 for one in found["differences"])


async def test_attributes_that_only_one_has_are_named(client: httpx.AsyncClient) -> None:
    body = {"name": "Panel", "agents": [MIRA, JON]}
    panel = (await client.post("/agent-populations/import", json=body)).json()
    found = await compared(client, await drawn(client), panel)
    assert "income_band" in found["only_first"]
    assert "occupation" in found["only_second"]
    assert "gender" in [one["name"] for one in found["differences"]]


@pytest.mark.parametrize(
    ("ids", "field"),
    [
        (["{made}", "pop_nobody"], "population_ids.1"),
        (["pop_nobody", "{made}"], "population_ids.0"),
        (["{made}"], "population_ids"),
        (["{made}"] * 3, "population_ids"),
    ],
)
async def test_a_comparison_needs_two_populations_that_are_there(
    client: httpx.AsyncClient, ids: list[str], field: str
) -> None:
    made = await drawn(client, size=2)
    body = {"population_ids": [one.format(made=made["id"]) for one in ids]}
    answer = await client.post("/agent-populations/compare", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
