"""`python -m chaos [NAME…] [--seeds N]`: run the scenarios, all unless some are named. Exits with 1 when one fails."""

import argparse
import asyncio
import time

from chaos import erasure, faults, messages, requests, schedules
from chaos.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    schedules.SCENARIO,
    requests.SCENARIO,
    *faults.SCENARIOS,
    messages.SCENARIO,
    erasure.SCENARIO,
)


def run(scenario: Scenario, seeds: int | None) -> bool:
    """Run one scenario and print its criterion and result."""
    number = scenario.seeds if seeds is None else seeds
    print(f"{scenario.name}: {number} seeds\n  must hold: {scenario.criterion}", flush=True)
    started = time.monotonic()
    outcome = asyncio.run(scenario.run(number))
    verdict = "FAILED" if outcome.failures else "passed"
    print(f"  {verdict} in {time.monotonic() - started:.0f} s: {outcome.measured}")
    for failure in outcome.failures:
        print(f"    {failure}")
    return not outcome.failures


def main() -> None:
    """Run what was asked for."""
    names = {scenario.name: scenario for scenario in SCENARIOS}
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}")
    parser.add_argument("--seeds", type=int, help="how many to try of each, instead of its own number")
    wanted = parser.parse_args()
    if unknown := [name for name in wanted.names if name not in names]:
        parser.error(f"there is no scenario {unknown[0]!r}; known: {', '.join(names)}")
    results = [run(names[name], wanted.seeds) for name in wanted.names or names]
    raise SystemExit(0 if all(results) else 1)


main()
