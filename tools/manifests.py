"""Kubernetes objects of every service, made from what the code declares: deploy/k8s/base/services/.

tools.generated writes the files. Who may talk to whom is read from
settings (a field `models_url` means that the service asks `models`) and from the registry of messages; nothing else is
let through.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from libs.bus.permissions import services as users_of_nats
from libs.contracts.base import JsonObject
from libs.runtime import ServiceSettings
from services.embedded.platform import SERVICES

FOLDER = Path(__file__).parents[1] / "deploy" / "k8s" / "base" / "services"
EVERY = (*SERVICES, "gateway")
PORT = 8000
METRICS_PORT = 9100
"""Where a service that wants a key at its own port is scraped."""
GRACE_S = int(ServiceSettings.model_fields["drain_s"].default) + 30
"""The time for what a service has in hand, and then to publish what came of it."""
NATS_PORT, POSTGRES_PORT, DNS_PORT, OTLP_PORT = 4222, 5432, 53, 4318
USER = 10_001
SCRATCH, CERTIFICATES, SECRETS = "/scratch", "/etc/rehearsal/nats", "/etc/rehearsal/secrets"
LEAVING = ("models", "webhooks")
"""The services that may leave the cluster: to providers of models, and to addresses that tenants choose."""
WORKER = "communication"
"""The one whose number of replicas follows the work that waits."""
PART_OF = "rehearsal"
MEMORY = {"communication": ("256Mi", "1Gi"), "models": ("256Mi", "1Gi"), "results": ("256Mi", "1Gi")}
USUAL_MEMORY = ("160Mi", "512Mi")
PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10"]


def asked_by(service: str) -> list[str]:
    """The services that a service asks over HTTP."""
    fields = import_module(f"services.{service}.settings").Settings.model_fields
    return [name for name in EVERY if name != service and f"{name}_url" in fields]


def asking(service: str) -> list[str]:
    """The services that ask this one."""
    return [name for name in EVERY if service in asked_by(name)]


def scraped_at(service: str) -> int:
    """The port where Prometheus reads the metrics of a service."""
    fields = import_module(f"services.{service}.settings").Settings.model_fields
    return METRICS_PORT if "metrics_port" in fields else PORT


def objects(service: str) -> list[JsonObject]:
    """Everything that a service is in a cluster."""
    return [
        _object("v1", "ServiceAccount", service, automountServiceAccountToken=False),
        _object("v1", "Service", service, spec={"selector": _selector(service), "ports": [_port()]}),
        _deployment(service),
        _migration(service),
        _object(
            "policy/v1",
            "PodDisruptionBudget",
            service,
            spec={"maxUnavailable": 1, "selector": {"matchLabels": _selector(service)}},
        ),
        _network(service),
    ]


def _object(version: str, kind: str, service: str, name: str | None = None, **rest: Any) -> JsonObject:
    labels = _selector(service) | {"app.kubernetes.io/part-of": PART_OF}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name or service, "labels": labels}} | rest


def _selector(service: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": service}


def _port() -> JsonObject:
    return {"name": "http", "port": PORT, "targetPort": "http"}


def _deployment(service: str) -> JsonObject:
    spread = [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": _selector(service)},
        }
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]
    container = _container(service) | {
        "ports": [{"name": "http", "containerPort": PORT}],
        "startupProbe": _probe("/healthz", periodSeconds=2, failureThreshold=60),
        "livenessProbe": _probe("/healthz", periodSeconds=10, failureThreshold=6),
        "readinessProbe": _probe(_ready_at(service), periodSeconds=5, failureThreshold=2),
    }
    scraped = scraped_at(service)
    if scraped != PORT:
        container["ports"].append({"name": "metrics", "containerPort": scraped})
        container["env"].append({"name": f"REHEARSAL_{service.upper()}_METRICS_PORT", "value": str(scraped)})
    pod = _pod(service, container) | {"terminationGracePeriodSeconds": GRACE_S, "topologySpreadConstraints": spread}
    annotations = {"prometheus.io/scrape": "true", "prometheus.io/port": str(scraped), "prometheus.io/path": "/metrics"}
    labels = _selector(service) | {"app.kubernetes.io/part-of": PART_OF}
    template = {"metadata": {"labels": labels, "annotations": annotations}, "spec": pod}
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    spec = {
        "replicas": 1,
        "revisionHistoryLimit": 3,
        "strategy": rolling,
        "selector": {"matchLabels": _selector(service)},
        "template": template,
    }
    return _object("apps/v1", "Deployment", service, spec=spec)


def _migration(service: str) -> JsonObject:
    """A job that brings the tables to this version; services wait for it."""
    container = _container(service) | {"args": ["migrate"]}
    labels = {"app.kubernetes.io/name": f"{service}-migrate", "app.kubernetes.io/part-of": PART_OF}
    pod = _pod(service, container) | {"restartPolicy": "Never"}
    spec = {
        "backoffLimit": 6,
        "ttlSecondsAfterFinished": 600,
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    return _object("batch/v1", "Job", service, f"{service}-migrate", spec=spec)


def _pod(service: str, container: JsonObject) -> JsonObject:
    return {
        "serviceAccountName": service,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [
            {"name": "scratch", "emptyDir": {"sizeLimit": "256Mi"}},
            {"name": "nats-ca", "secret": {"secretName": "nats-ca"}},
            {"name": "secrets", "secret": {"secretName": f"rehearsal-{service}", "defaultMode": 0o440}},
        ],
    }


def _container(service: str) -> JsonObject:
    """The image with its settings: those of all services, and the secrets of this one alone."""
    asked, most = MEMORY.get(service, USUAL_MEMORY)
    return {
        "name": service,
        "image": f"rehearsal/{service}",
        "imagePullPolicy": "IfNotPresent",
        "envFrom": [{"configMapRef": {"name": "rehearsal"}}],
        "env": [
            {"name": "REHEARSAL_NATS_CA", "value": f"{CERTIFICATES}/ca.crt"},
            {"name": "REHEARSAL_SECRETS_DIR", "value": SECRETS},
            {"name": "TMPDIR", "value": SCRATCH},
        ],
        "resources": {"requests": {"cpu": "100m", "memory": asked}, "limits": {"cpu": "1", "memory": most}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "scratch", "mountPath": SCRATCH},
            {"name": "nats-ca", "mountPath": CERTIFICATES, "readOnly": True},
            {"name": "secrets", "mountPath": SECRETS, "readOnly": True},
        ],
    }


def _ready_at(service: str) -> str:
    """The gateway stays where people reach it when another service is away: it answers for all that are there."""
    others = [f"exclude={one}" for one in EVERY if one != service] if service == "gateway" else []
    return "?".join(filter(None, ("/readyz", "&".join(others))))


def _probe(path: str, **timing: int) -> JsonObject:
    return {"httpGet": {"path": path, "port": "http"}, "timeoutSeconds": 3} | timing


def _network(service: str) -> JsonObject:
    """Who may reach a service and its migration, and whom they may reach."""
    sources = {PORT: [{"podSelector": {"matchLabels": _selector(name)}} for name in asking(service)]}
    if service == "gateway":
        sources[PORT].append({"namespaceSelector": {"matchLabels": {"rehearsal.dev/ingress": "true"}}})
    sources.setdefault(scraped_at(service), []).append({"podSelector": {"matchLabels": _selector("prometheus")}})
    egress = [_to("postgres", POSTGRES_PORT), _to("otel-collector", OTLP_PORT)]
    egress += [_to(name, PORT) for name in asked_by(service)]
    if service in users_of_nats():
        egress.append(_to("nats", NATS_PORT))
    if service in LEAVING:
        world = {"ipBlock": {"cidr": "0.0.0.0/0", "except": PRIVATE}}
        egress.append({"to": [world], "ports": [{"protocol": "TCP", "port": 443}]})
    chosen = {"key": "app.kubernetes.io/name", "operator": "In", "values": [service, f"{service}-migrate"]}
    spec = {
        "podSelector": {"matchExpressions": [chosen]},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": who, "ports": [{"protocol": "TCP", "port": port}]} for port, who in sources.items()],
        "egress": egress,
    }
    return _object("networking.k8s.io/v1", "NetworkPolicy", service, spec=spec)


def _to(name: str, port: int) -> JsonObject:
    return {"to": [{"podSelector": {"matchLabels": _selector(name)}}], "ports": [{"protocol": "TCP", "port": port}]}


def documents() -> dict[Path, str]:
    """The file of each service, and one that lists them."""
    files = {FOLDER / f"{service}.yaml": as_yaml(objects(service)) for service in EVERY}
    listing = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [path.name for path in files],
    }
    return files | {FOLDER / "kustomization.yaml": as_yaml([listing])}


def as_yaml(found: list[JsonObject]) -> str:
    """A generated file."""
    text = "---\n".join(yaml.dump(each, Dumper=_Plain, sort_keys=False, width=120) for each in found)
    return "# Generated by `make schemas`: python -m tools.generated\n" + text


class _Plain(yaml.SafeDumper):
    """Without references to what stands above."""

    def ignore_aliases(self, data: Any) -> bool:
        """Every value is written where it is."""
        return True
