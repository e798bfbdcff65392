"""The Kubernetes objects: what the code declares is let through and nothing else, and every pod is locked down."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from libs.bus.permissions import services as users_of_nats
from libs.bus.permissions import sources_of
from libs.bus.streams import Spread
from libs.runtime import ServiceSettings
from services.models.settings import Settings as ModelsSettings
from tools import manifests, scaling

ROOT = Path(__file__).parents[2]
KUBERNETES = ROOT / "deploy" / "k8s"
OVERLAYS = ("dev", "production")
VERSIONS = ("1.30", "1.33", "1.36")
PODS = {"Deployment", "StatefulSet", "Job", "Pod"}
TYPED = ("Job ", "Pod ")
"""What comes to its end, or does nothing by itself: nothing is to be probed."""
CUSTOM = {"ScaledObject"}
Object = dict[str, Any]


@cache
def rendered(overlay: str) -> tuple[Object, ...]:
    """What `kubectl apply -k` would send."""
    return built(KUBERNETES / "overlays" / overlay)


def built(folder: Path) -> tuple[Object, ...]:
    """The objects of a kustomization."""
    command = next((name for name in (("kustomize", "build"), ("kubectl", "kustomize")) if shutil.which(name[0])), None)
    if command is None:
        pytest.skip("neither kustomize nor kubectl is installed: overlays are not rendered")
    done = subprocess.run([*command, folder], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return tuple(yaml.safe_load_all(done.stdout))


def extended(folder: Path, *components: str, **more: object) -> tuple[Object, ...]:
    """Production with components and patches, as an installation of one's own would have it."""
    listing = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [os.path.relpath(KUBERNETES / "overlays" / "production", folder.resolve())],
        "components": [os.path.relpath(KUBERNETES / "components" / name, folder.resolve()) for name in components],
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(listing | more))
    return built(folder)


def base() -> Iterator[Object]:
    """The objects of the base and the components, as they stand in files."""
    for path in sorted(KUBERNETES.rglob("*.yaml")):
        if path.name != "kustomization.yaml" and not path.parent.name.startswith("spread-"):
            yield from (each for each in yaml.safe_load_all(path.read_text()) if each)


OBJECTS = list(base())


def named(kind: str, objects: tuple[Object, ...] | list[Object] = OBJECTS) -> dict[str, Object]:
    return {each["metadata"]["name"]: each for each in objects if each["kind"] == kind}


def pods(objects: tuple[Object, ...] | list[Object]) -> dict[str, Object]:
    return {
        f"{each['kind']} {each['metadata']['name']}": each["spec"].get("template", each)["spec"]
        for each in objects
        if each["kind"] in PODS
    }


@pytest.mark.parametrize("name", pods(OBJECTS))
def test_every_pod_is_restricted(name: str) -> None:
    pod = pods(OBJECTS)[name]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    assert not [volume for volume in pod.get("volumes", []) if "hostPath" in volume]
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"cpu", "memory"} == container["resources"]["requests"].keys() == container["resources"]["limits"].keys()
        assert ":latest" not in container["image"]


@pytest.mark.parametrize("name", [name for name in pods(OBJECTS) if not name.startswith(TYPED)])
def test_every_process_that_stays_is_probed(name: str) -> None:
    for container in pods(OBJECTS)[name]["containers"]:
        assert {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys()


@pytest.mark.parametrize("service", manifests.EVERY)
def test_a_service_is_alive_when_it_answers_and_ready_when_it_can_work(service: str) -> None:
    [container] = pods(OBJECTS)[f"Deployment {service}"]["containers"]
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    path, _, query = container["readinessProbe"]["httpGet"]["path"].partition("?")
    assert path == "/readyz"
    excluded = {pair.removeprefix("exclude=") for pair in query.split("&") if pair}
    assert excluded == ({*manifests.EVERY} - {"gateway"} if service == "gateway" else set())
    assert {"name": "REHEARSAL_SECRETS_DIR", "value": "/etc/rehearsal/secrets"} in container["env"]
    assert {"name": "secrets", "mountPath": "/etc/rehearsal/secrets", "readOnly": True} in container["volumeMounts"]
    assert not [source for source in container["envFrom"] if "secretRef" in source]
    [volume] = [one for one in pods(OBJECTS)[f"Deployment {service}"]["volumes"] if one["name"] == "secrets"]
    assert volume["secret"]["secretName"] == f"rehearsal-{service}"
    [migration] = pods(OBJECTS)[f"Job {service}-migrate"]["containers"]
    assert migration["args"] == ["migrate"]
    assert migration["image"] == container["image"]
    assert named("PodDisruptionBudget")[service]["spec"]["maxUnavailable"] == 1


def reached(policy: Object) -> set[tuple[str, int]]:
    """Whom a policy lets its pods reach."""
    return {
        (target.get("podSelector", {}).get("matchLabels", {}).get("app.kubernetes.io/name", "elsewhere"), port["port"])
        for rule in policy["spec"].get("egress", [])
        for target in rule["to"]
        for port in rule["ports"]
    }


ASKS = {
    "orchestrator": {"communication", "models"},
    "population": {"models"},
    "intervention": {"communication", "models"},
    "communication": {"models"},
    "models": set[str](),
    "webhooks": set[str](),
    "results": {"models"},
    "validation": {"models"},
    "gateway": {
        "orchestrator",
        "population",
        "intervention",
        "communication",
        "results",
        "validation",
        "models",
        "webhooks",
    },
}
"""As docs/architecture.md draws it."""


@pytest.mark.parametrize("service", manifests.EVERY)
def test_a_service_reaches_what_it_declares_and_nothing_else(service: str) -> None:
    wanted = {(name, 8000) for name in ASKS[service]} | {("postgres", 5432), ("otel-collector", 4318)}
    if service in users_of_nats():
        wanted.add(("nats", 4222))
    if service in {"models", "webhooks"}:
        wanted.add(("elsewhere", 443))
    assert reached(named("NetworkPolicy")[service]) == wanted


@pytest.mark.parametrize("service", manifests.EVERY)
def test_a_service_is_reached_by_those_who_ask_it(service: str) -> None:
    rules = named("NetworkPolicy")[service]["spec"]["ingress"]
    reaching = [(source, port["port"]) for rule in rules for source in rule["from"] for port in rule["ports"]]
    pods_allowed = {
        (source["podSelector"]["matchLabels"]["app.kubernetes.io/name"], port)
        for source, port in reaching
        if "podSelector" in source
    }
    scraped = ("prometheus", 9100 if service == "gateway" else 8000)
    assert pods_allowed == {(name, 8000) for name, asked in ASKS.items() if service in asked} | {scraped}
    from_elsewhere = [port for source, port in reaching if "podSelector" not in source]
    assert from_elsewhere == ([8000] if service == "gateway" else [])


def test_the_gateway_is_scraped_where_it_wants_no_key() -> None:
    template = named("Deployment")["gateway"]["spec"]["template"]
    [container] = template["spec"]["containers"]
    port = template["metadata"]["annotations"]["prometheus.io/port"]
    assert {"name": "REHEARSAL_GATEWAY_METRICS_PORT", "value": port} in container["env"]
    assert {"name": "metrics", "containerPort": int(port)} in container["ports"]


def test_only_models_and_webhooks_leave_the_cluster() -> None:
    leaving = {
        name: target["ipBlock"]
        for name, policy in named("NetworkPolicy").items()
        for rule in policy["spec"].get("egress", [])
        for target in rule["to"]
        if "ipBlock" in target
    }
    world = {"cidr": "0.0.0.0/0", "except": manifests.PRIVATE}
    assert leaving == {"models": world, "webhooks": world}


def test_what_no_policy_names_is_denied() -> None:
    policy = named("NetworkPolicy")["default-deny"]["spec"]
    assert policy == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    chosen = {
        value
        for each in named("NetworkPolicy").values()
        for value in (
            *each["spec"]["podSelector"].get("matchLabels", {}).values(),
            *(name for one in each["spec"]["podSelector"].get("matchExpressions", []) for name in one["values"]),
        )
    }
    assert chosen >= {name.split()[1] for name in pods(OBJECTS)}, "a pod without a policy of its own reaches nobody"


def test_those_who_reach_nats_are_its_users() -> None:
    first, *_ = named("NetworkPolicy")["nats"]["spec"]["ingress"]
    [source] = first["from"]
    assert set(source["podSelector"]["matchExpressions"][0]["values"]) == set(users_of_nats())


def test_workers_scale_on_consumers_that_exist_and_no_further_than_the_models_bear() -> None:
    scaled = named("ScaledObject")
    durables = {(source.stream, source.durable) for name in users_of_nats() for source in sources_of(name)}
    for name, each in scaled.items():
        [trigger] = each["spec"]["triggers"]
        assert (trigger["metadata"]["stream"], trigger["metadata"]["consumer"]) in durables
        assert each["spec"]["scaleTargetRef"]["name"] == name
    in_hand = ServiceSettings.model_fields["work_at_once"].default * scaling.TURNS_OF_A_DELIVERY
    quota = ModelsSettings.model_fields["concurrency"].default
    assert scaled["communication"]["spec"]["maxReplicaCount"] <= ceil(quota / in_hand)


@pytest.mark.parametrize("spread", scaling.SPREADS)
def test_where_messages_are_spread_the_work_of_all_streams_counts_together(spread: Spread, tmp_path: Path) -> None:
    objects = extended(tmp_path, f"spread-{spread}")
    assert named("ConfigMap", objects)["rehearsal"]["data"]["REHEARSAL_STREAM_SPREAD"] == str(spread)
    one_stream, scaled = named("ScaledObject"), named("ScaledObject", objects)
    assert scaled.keys() == one_stream.keys()
    for name, each in scaled.items():
        [alone] = one_stream[name]["spec"]["triggers"]
        triggers = {one["name"]: one["metadata"] for one in each["spec"]["triggers"]}
        base = alone["metadata"]["stream"]
        streams = [base, *(f"{base}_{number:02d}" for number in range(spread))]
        assert [one["stream"] for one in triggers.values()] == streams
        assert {one["consumer"] for one in triggers.values()} == {alone["metadata"]["consumer"]}
        modifiers = each["spec"]["advanced"]["scalingModifiers"]
        assert modifiers["formula"].split(" + ") == list(triggers)
        assert each["spec"]["minReplicaCount"] <= each["spec"]["maxReplicaCount"]
    workers = scaled["communication"]["spec"]
    assert workers["advanced"]["scalingModifiers"]["target"] == str(max(4, spread))
    quota = ModelsSettings.model_fields["concurrency"].default
    assert workers["maxReplicaCount"] == ceil(quota / (max(4, spread) * 64))


def test_an_operator_has_a_place_in_the_cluster_that_reaches_what_commands_need() -> None:
    objects = built(KUBERNETES / "operator")
    for each in objects:
        for version in VERSIONS:
            kubernetes_validate.validate(each, version, strict=True)
    policies = named("NetworkPolicy", objects)
    assert reached(policies["operator"]) == {("nats", 4222), ("nats", 8222), ("gateway", 8000), ("postgres", 5432)}
    let_in = {
        (policy["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/name"], port["port"])
        for name, policy in policies.items()
        if name != "operator"
        for rule in policy["spec"]["ingress"]
        for port in rule["ports"]
    }
    assert let_in == {("nats", 4222), ("nats", 8222), ("gateway", 8000)}
    [container] = pods(objects)["Pod operator"]["containers"]
    assert container["image"].startswith("rehearsal/cli:")
    assert pods(objects)["Pod operator"]["activeDeadlineSeconds"] <= 8 * 3600


def test_services_reach_a_database_outside_with_the_patch_of_the_documents(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    [block] = [block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "ipBlock" in block]
    policies = named("NetworkPolicy", extended(tmp_path, **yaml.safe_load(block)))
    for service in manifests.EVERY:
        database, *_ = policies[service]["spec"]["egress"]
        assert list(database["to"][0]) == ["ipBlock"]
        assert database["ports"] == [{"port": 5432, "protocol": "TCP"}]
        assert ("postgres", 5432) not in reached(policies[service])


def test_the_official_chart_takes_the_place_of_our_nats_servers(tmp_path: Path) -> None:
    ours, left = rendered("production"), extended(tmp_path, "nats-chart")
    gone = {(each["kind"], each["metadata"]["name"]) for each in ours} - {
        (each["kind"], each["metadata"]["name"]) for each in left
    }
    assert gone == {(kind, "nats") for kind in ("StatefulSet", "Service", "ServiceAccount", "PodDisruptionBudget")}
    values = yaml.safe_load((KUBERNETES / "components" / "nats-chart" / "values.yml").read_text())
    [server] = pods(ours)["StatefulSet nats"]["containers"]
    chart = values["container"]["merge"]
    assert {name: server[name] for name in ("envFrom", "resources", "securityContext")} == chart
    assert (
        values["podTemplate"]["merge"]["spec"]["securityContext"] == pods(ours)["StatefulSet nats"]["securityContext"]
    )
    assert server["image"] == f"nats:{values['container']['image']['tag']}"
    assert values["headlessService"]["name"] == named("Service", ours)["nats"]["metadata"]["name"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kubernetes_takes_every_object(overlay: str) -> None:
    """The longest of each kind: those of all services are made alike."""
    longest: dict[str, Object] = {}
    for each in sorted(rendered(overlay), key=lambda one: len(str(one))):
        longest[each["kind"]] = each
    for kind, each in longest.items():
        if kind not in CUSTOM:
            for version in VERSIONS:
                kubernetes_validate.validate(each, version, strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_image_has_a_tag_of_its_own(overlay: str) -> None:
    images = {one["image"] for pod in pods(rendered(overlay)).values() for one in pod["containers"]}
    assert {image for image in images if ":" not in image or image.endswith(":latest")} == set()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_refers_to_nothing_that_is_not_there(overlay: str) -> None:
    objects = rendered(overlay)
    assert {each["metadata"].get("namespace", "rehearsal") for each in objects} == {"rehearsal"}
    maps = set(named("ConfigMap", objects))
    used = {
        reference["name"]
        for pod in pods(objects).values()
        for reference in (
            *(
                source["configMapRef"]
                for one in pod["containers"]
                for source in one.get("envFrom", [])
                if "configMapRef" in source
            ),
            *(volume["configMap"] for volume in pod.get("volumes", []) if "configMap" in volume),
        )
    }
    assert used <= maps
    assert {name.split()[1] for name in pods(objects) if not name.startswith("Job")} >= set(manifests.EVERY)


def test_production_survives_the_loss_of_any_node() -> None:
    objects = rendered("production")
    scaled = named("ScaledObject", objects)
    for service in manifests.EVERY:
        deployment = named("Deployment", objects)[service]
        replicas = scaled[service]["spec"]["minReplicaCount"] if service in scaled else deployment["spec"]["replicas"]
        assert replicas >= 2, service
        assert ("replicas" in deployment["spec"]) != (service in scaled), "KEDA and the overlay would fight over it"
        keys = {one["topologyKey"] for one in deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]}
        assert keys == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
    assert named("StatefulSet", objects)["nats"]["spec"]["replicas"] == 3
    assert named("ConfigMap", objects)["rehearsal"]["data"]["REHEARSAL_STREAM_REPLICAS"] == "3"
