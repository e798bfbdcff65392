"""docker-compose.yml and its overlays: every service with what it needs, started in order, secrets from .env alone."""

import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from libs.bus.accounts import USERS, password_variable
from libs.bus.permissions import services as users_of_nats
from services.embedded.platform import SERVICES
from tools import secrets
from tools.manifests import GRACE_S

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE = yaml.safe_load(TEXT)
EVERY = (*SERVICES, "gateway")
OVERLAYS = sorted((ROOT / "deploy" / "compose").glob("*.yml"))
MADE = dict(line.split("=", 1) for line in secrets.lines())


def service(name: str) -> dict[str, Any]:
    found: dict[str, Any] = COMPOSE["services"][name]
    return found


@pytest.mark.parametrize("name", EVERY)
def test_a_service_has_its_image_its_database_and_its_own_secrets_alone(name: str) -> None:
    environment = service(name)["environment"]
    assert service(name)["build"]["args"] == {"SERVICE": name}
    own = {key: value for key, value in environment.items() if key.startswith(f"REHEARSAL_{name.upper()}_")}
    assert f"postgresql://{name}:${{POSTGRES_PASSWORD_{name.upper()}" in own[f"REHEARSAL_{name.upper()}_DATABASE_URL"]
    assert (f"REHEARSAL_{name.upper()}_NATS_URL" in own) == (name in users_of_nats())
    others = [other for other in EVERY if other != name]
    assert not [key for key in environment if key.endswith("_SERVICE_KEY") and key not in own]
    assert not [one for one in others if f"REHEARSAL_NATS_PASSWORD_{one.upper()}" in json.dumps(environment)]


@pytest.mark.parametrize("name", EVERY)
def test_every_setting_is_one_that_a_service_has(name: str) -> None:
    fields = {
        field.upper() for one in EVERY for field in import_module(f"services.{one}.settings").Settings.model_fields
    }
    own = {field.upper() for field in import_module(f"services.{name}.settings").Settings.model_fields}
    for key in service(name)["environment"]:
        if key.startswith(f"REHEARSAL_{name.upper()}_") and key != f"REHEARSAL_{name.upper()}_URL":
            assert key.removeprefix(f"REHEARSAL_{name.upper()}_") in own, key
        elif key.startswith("REHEARSAL_"):
            assert key.removeprefix("REHEARSAL_") in fields, key


@pytest.mark.parametrize("name", EVERY)
def test_a_service_is_given_the_time_that_it_takes_to_finish_what_it_has_in_hand(name: str) -> None:
    assert service(name)["stop_grace_period"] == f"{GRACE_S}s"


@pytest.mark.parametrize("name", [*EVERY, "jetstream-exporter", "nats", "otel-collector"])
def test_a_container_cannot_write_or_gain_rights(name: str) -> None:
    assert service(name)["read_only"] is True
    assert service(name)["cap_drop"] == ["ALL"]
    assert service(name)["security_opt"] == ["no-new-privileges:true"]


def test_nothing_starts_before_what_it_needs_is_healthy() -> None:
    for name in EVERY:
        waited_for = service(name)["depends_on"]
        assert {each["condition"] for each in waited_for.values()} == {"service_healthy"}
        assert "postgres" in waited_for
        assert ("nats" in waited_for) == (name in users_of_nats())
    assert set(SERVICES) <= service("gateway")["depends_on"].keys()
    for name in ("nats", "postgres"):
        assert "healthcheck" in service(name)


def test_only_models_webhooks_and_what_people_look_at_have_a_way_out() -> None:
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    out = {name for name, each in COMPOSE["services"].items() if "front" in each["networks"]}
    assert out == {"models", "webhooks", "gateway", "prometheus", "grafana"}
    published = [port for each in COMPOSE["services"].values() for port in each.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_every_secret_is_demanded_and_made() -> None:
    demanded = set(re.findall(r"\$\{(\w+):\?", TEXT))
    assert demanded == MADE.keys() - {password_variable("models")}
    assert {password_variable(user) for user in USERS} <= demanded
    values = [value for name, value in MADE.items() if "KEYS" not in name]
    assert len(set(values)) == len(values)
    assert not re.search(r"(?i)(password|key): [^$\s{*]", TEXT)


@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda path: str(path.stem))
def test_an_overlay_changes_services_that_there_are(overlay: Path) -> None:
    changed = yaml.safe_load(overlay.read_text())["services"]
    assert changed
    assert changed.keys() <= COMPOSE["services"].keys()


def test_nobody_sends_traces_where_there_is_no_collector() -> None:
    lean = yaml.safe_load((ROOT / "deploy" / "compose" / "lean.yml").read_text())["services"]
    assert lean["otel-collector"]["profiles"]
    for name in EVERY:
        assert lean[name]["environment"] == {"OTEL_EXPORTER_OTLP_ENDPOINT": ""}


def test_every_file_that_is_mounted_is_there() -> None:
    mounted = [volume.split(":")[0] for each in COMPOSE["services"].values() for volume in each.get("volumes", [])]
    for path in mounted:
        if path.startswith("./"):
            assert (ROOT / path).exists(), path
        else:
            assert path in COMPOSE["volumes"]


def test_prometheus_asks_every_service_where_it_wants_no_key() -> None:
    config = yaml.safe_load((ROOT / "deploy/observability/prometheus/prometheus.yml").read_text())
    [services] = [job for job in config["scrape_configs"] if job["job_name"] == "services"]
    ports = {name: service(name)["environment"].get(f"REHEARSAL_{name.upper()}_METRICS_PORT", "8000") for name in EVERY}
    assert ports["gateway"] != "8000"
    scaled = yaml.safe_load((ROOT / "deploy/compose/workers.yml").read_text())["services"].keys()
    several = {(name, str(each["port"])) for each in services["dns_sd_configs"] for name in each["names"]}
    assert several == {(name, ports[name]) for name in scaled}
    single = {f"{name}:{port}" for name, port in ports.items() if name not in scaled}
    assert set(services["static_configs"][0]["targets"]) == single
