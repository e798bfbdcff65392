"""`rehearsal replay`: the proof that a simulation can be had again, byte for byte and without paying twice."""

from libs.client import RehearsalClient
from libs.contracts.base import JsonObject
from libs.contracts.experiments import ExecutionSpec
from services.cli.exits import Exit, StopError, say
from services.cli.output import print_json
from services.cli.own import Source
from services.cli.results import sha256
from services.cli.run import ended_badly, follow


async def replay_simulation(simulation_id: str, source: Source, *, as_json: bool) -> Exit:
    """Execute the intervention of a simulation again and compare."""
    async with source.connect() as client:
        first = await client.status(simulation_id)
        if first["state"] != "completed":
            raise StopError(Exit.FAILED, f"{simulation_id} is {first['state']}; only a completed one can be replayed.")
        if first["intervention_id"] is None:
            raise StopError(Exit.REFUSED, f"{simulation_id} is interactive: it ran no intervention that can run again.")
        spec = ExecutionSpec(
            population_id=first["population_id"], seed=first["seed"], model=first["model"], engine=first["engine"]
        )
        again = (await client.execute(first["intervention_id"], spec))["simulation_id"]
        say(f"Replaying {simulation_id} as {again}")
        second = await follow(client, again)
        if second["state"] != "completed":
            return ended_badly(second)
        comparison = await _compare(client, first, second)
    if as_json:
        print_json(comparison)
    else:
        _print(comparison)
    return Exit.COMPLETED if comparison["is_equal"] and not comparison["new_model_calls"] else Exit.FAILED


async def _compare(client: RehearsalClient, first: JsonObject, second: JsonObject) -> JsonObject:
    hashes = [sha256(await client.export(status["simulation_id"], "csv")) for status in (first, second)]
    return {
        "simulation_id": first["simulation_id"],
        "replay_id": second["simulation_id"],
        "is_equal": hashes[0] == hashes[1],
        "csv_sha256": hashes[0],
        "replay_csv_sha256": hashes[1],
        "new_model_calls": second["usage"]["calls"],
        "cached_model_calls": second["usage"]["cached_calls"],
        "cost_usd": second["usage"]["cost_usd"],
    }


def _print(comparison: JsonObject) -> None:
    equal = "byte-equal to" if comparison["is_equal"] else "DIFFERENT from"
    print(f"The answers (CSV) are {equal} those of {comparison['simulation_id']}.")
    new, cached = comparison["new_model_calls"], comparison["cached_model_calls"]
    print(f"{new:,} new model calls, {cached:,} from the ledger, ${comparison['cost_usd']:.4f}.")
