"""A simulation that is paused by its budget and by hand, with the platform killed meanwhile, on a whole platform."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support import command
from tests.support.platforms import EmbeddedPlatform
from tests.support.studies import export, start_study, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
AGENTS, CAP = 125, 50


def rehearsal(url: str, *arguments: str) -> dict[str, Any]:
    done = command.rehearsal(*arguments, "--url", url, "--json")
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_a_simulation_paused_by_its_budget_and_by_hand_ends_as_if_it_never_had_been(tmp_path: Path) -> None:
    with EmbeddedPlatform(tmp_path) as platform:
        url = platform.url
        simulation = start_study(url, seed=5, budget={"calls": CAP})
        paused = wait_for(url, simulation, states=("paused",))
        assert paused["paused_for"] == "budget"
        assert f"is {CAP} call(s): {CAP} call(s) are spent" in paused["reason"]
        platform.kill()
        platform.start()
        spent = rehearsal(url, "budget", simulation)
        assert (spent["state"], spent["spent"]["calls"], spent["cap"]["calls"]) == ("paused", CAP, CAP)
        assert rehearsal(url, "pause", simulation)["paused_for"] == "request"
        assert rehearsal(url, "budget", simulation, "--calls", "1000")["state"] == "paused", "somebody asked for it"
        time.sleep(0.3)
        assert rehearsal(url, "budget", simulation)["spent"] == spent["spent"], "nobody is asked meanwhile"
        assert rehearsal(url, "resume", simulation)["state"] == "running"
        done = wait_for(url, simulation)
        assert (done["state"], done["usage"]["calls"], done["usage"]["cached_calls"]) == ("completed", AGENTS, 0)
        assert rehearsal(url, "budget", simulation)["spent"]["calls"] == AGENTS
        undisturbed = start_study(url, seed=5)
        wait_for(url, undisturbed)
        assert export(url, simulation, "csv") == export(url, undisturbed, "csv")
