"""Keys and the audit log from the terminal, on a platform that asks for keys."""

import json
import re
import signal
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support import command
from tests.support.command import Done
from tests.support.platforms import Process, free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """`rehearsal up --auth`: its URL and data."""
    data = tmp_path_factory.mktemp("keys")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    up = [sys.executable, "-m", "services.cli", "up", "--auth", "--data", str(data), "--port", str(port)]
    process = Process(up, {}, data / "up.log", url)
    process.start()
    process.wait_until_ready()
    yield url, data
    assert process.stop() in {0, -signal.SIGTERM}


def rehearsal(url: str, key: str, *arguments: str) -> Done:
    return command.rehearsal(*arguments, REHEARSAL_URL=url, **({"REHEARSAL_KEY": key} if key else {}))


def test_the_first_key_is_in_a_file_of_its_owner_and_makes_others(platform: tuple[str, Path]) -> None:
    url, data = platform
    file = data / "admin.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    admin = file.read_text().strip()
    assert admin not in (data / "up.log").read_text()
    assert rehearsal(url, "", "ls").returncode == 4
    made = rehearsal(url, admin, "keys", "create", "Anna", "--role", "viewer", "--days", "7")
    assert made.returncode == 0, made.stderr
    assert "asks nobody" not in made.stderr
    viewer = made.stdout.strip()
    assert re.fullmatch(r"rk_[\w-]{43}", viewer)
    assert rehearsal(url, viewer, "ls").returncode == 0
    refused = rehearsal(url, viewer, "keys", "list")
    assert refused.returncode == 4
    assert "This needs the role admin; yours is viewer." in refused.stderr
    listed = json.loads(rehearsal(url, admin, "keys", "list", "--json").stdout)["items"]
    anna = next(item for item in listed if item["name"] == "Anna")
    assert rehearsal(url, admin, "keys", "revoke", anna["id"]).returncode == 0
    assert rehearsal(url, viewer, "ls").returncode == 4


def test_the_audit_log_is_checked_here_and_against_a_head_noted_before(platform: tuple[str, Path]) -> None:
    url, data = platform
    admin = (data / "admin.key").read_text().strip()
    first = rehearsal(url, admin, "audit", "verify")
    assert first.returncode == 0, first.stderr
    noted = first.stdout.strip()
    assert rehearsal(url, admin, "keys", "create", "Ben").returncode == 0
    later = rehearsal(url, admin, "audit", "verify", "--head", noted)
    assert later.returncode == 0
    assert later.stdout.strip() != noted
    wrong = rehearsal(url, admin, "audit", "verify", "--head", "0" * 63 + "1")
    assert wrong.returncode == 1
    assert "the head that was noted before is not in it" in wrong.stderr


def test_a_quota_is_set_shown_and_lifted_and_what_is_not_given_stays(platform: tuple[str, Path]) -> None:
    url, data = platform
    admin = (data / "admin.key").read_text().strip()
    changed = rehearsal(url, admin, "tenants", "quota", "acme", "--usd-per-month", "2.5", "--people", "7", "--json")
    assert changed.returncode == 0, changed.stderr
    lifted = rehearsal(url, admin, "tenants", "quota", "acme", "--people", "none", "--json")
    assert json.loads(lifted.stdout)["quota"] == {
        "usd_per_month": 2.5,
        "calls_per_month": None,
        "running_simulations": None,
        "people": None,
    }
    shown = rehearsal(url, admin, "tenants", "quota", "acme").stdout
    assert re.search(r"usd per month +0\.0 +2\.5 *", shown)
    wrong = rehearsal(url, admin, "tenants", "quota", "acme", "--people", "many")
    assert (wrong.returncode, "neither a number nor none" in wrong.stderr) == (2, True)


def test_a_tenant_is_exported_whole_and_erased_by_who_says_its_name_twice(
    platform: tuple[str, Path], tmp_path: Path
) -> None:
    url, data = platform
    admin = (data / "admin.key").read_text().strip()
    file = tmp_path / "acme.ndjson"
    exported = rehearsal(url, admin, "tenants", "export", "acme", "--out", str(file))
    assert exported.returncode == 0, exported.stderr
    assert json.loads(file.read_text().splitlines()[-1])["complete"] is True
    assert rehearsal(url, admin, "tenants", "erase", "acme", "--sure", "acne").returncode == 2
    assert rehearsal(url, admin, "tenants", "erasure", "acme").returncode == 4
    assert rehearsal(url, admin, "tenants", "erase", "acme", "--sure", "acme").stdout == "erasing\n"
    assert rehearsal(url, admin, "tenants", "erasure", "acme").stdout in {"erasing\n", "erased\n"}


def test_results_are_shared_with_the_people_of_a_tenant(platform: tuple[str, Path]) -> None:
    url, data = platform
    admin = (data / "admin.key").read_text().strip()
    people = {"name": "P", "demographic_base": "uk_demographics", "size": 2, "seed": 3}
    with httpx.Client(base_url=url, headers={"authorization": f"Bearer {admin}"}, timeout=30) as client:
        population = client.post("/agent-populations/create", json=people).json()["id"]
        first = client.post("/simulations/create", json={"name": "talk", "population_id": population}).json()["id"]
    shared = rehearsal(url, admin, "share", "create", first, "--tenant", "default", "--role", "admin")
    assert shared.returncode == 0, shared.stderr
    assert "Only default can use it" in shared.stderr
    linked = rehearsal(url, admin, "share", "create", first)
    opened = httpx.get(linked.stdout.strip())
    assert (opened.status_code, opened.headers["content-type"]) == (200, "text/html; charset=utf-8")
    (below,) = re.findall(r"Programs read under (\S+)/, ", linked.stderr)
    assert httpx.get(f"{below}/simulations/{first}/status").json()["id"] == first
    (seen,) = json.loads(rehearsal(url, admin, "share", "received", "--json").stdout)["items"]
    assert seen["simulation_id"] == first
    again = rehearsal(url, admin, "clone", first, "--name", "talk again")
    assert again.returncode == 0, again.stderr
    later = rehearsal(url, admin, "talk", "start", "--from", first)
    assert later.returncode == 0, later.stderr
    used = json.loads(rehearsal(url, admin, "usage", again.stdout.strip(), "--json").stdout)
    assert (used["models"], used["estimate"]) == ([], None)
    ended = rehearsal(url, admin, "end", first, again.stdout.strip())
    assert ended.returncode == 0, ended.stderr
    assert rehearsal(url, admin, "share", "create", first, "--role", "admin").returncode == 2


def test_what_is_not_there_cannot_be_shared(platform: tuple[str, Path]) -> None:
    url, data = platform
    refused = rehearsal(url, (data / "admin.key").read_text().strip(), "share", "create", "sim_unknown")
    assert refused.returncode == 4
    assert "sim_unknown" in refused.stderr


def test_keys_for_settings_are_made_without_a_platform() -> None:
    pair = rehearsal("http://127.0.0.1:9", "", "keys", "pair").stdout
    assert re.fullmatch(r"REHEARSAL_GATEWAY_SIGNING_KEY=[\w-]{43}\nREHEARSAL_IDENTITY_KEYS=[\w-]{43}\n", pair)
    first = rehearsal("http://127.0.0.1:9", "", "keys", "first", "--tenant", "acme").stdout
    assert re.fullmatch(r'REHEARSAL_GATEWAY_BOOTSTRAP_KEYS=\{"acme": "rk_[\w-]{43}"\}\n', first)
    services = rehearsal("http://127.0.0.1:9", "", "keys", "service", "results", "population").stdout
    assert re.fullmatch(
        r"REHEARSAL_RESULTS_SERVICE_KEY=[\w-]{43}\nREHEARSAL_POPULATION_SERVICE_KEY=[\w-]{43}\n"
        r'REHEARSAL_SERVICE_KEYS=\{"results": "[\w-]{43}", "population": "[\w-]{43}"\}\n',
        services,
    )
