"""KEDA where messages are spread over 4 or 16 streams: deploy/k8s/components/spread-4 and spread-16.

tools.generated writes the files from what one stream scales on (overlays/production/scaling.yaml). Of several triggers
KEDA would follow the one that asks for most, a fourth of what there is to do; so they are added up.
"""

from math import ceil
from pathlib import Path
from typing import get_args

import yaml

from libs.bus.permissions import services as users_of_nats
from libs.bus.permissions import sources_of
from libs.bus.router import Source
from libs.bus.streams import Spread
from libs.contracts.base import JsonObject
from libs.runtime import ServiceSettings
from services.models.settings import Settings as ModelsSettings
from tools.manifests import WORKER, as_yaml

KUBERNETES = Path(__file__).parents[1] / "deploy" / "k8s"
FOLDER = KUBERNETES / "components"
ONE_STREAM = KUBERNETES / "overlays" / "production" / "scaling.yaml"
SPREADS: tuple[Spread, ...] = tuple(each for each in get_args(Spread) if each > 1)
TURNS_OF_A_DELIVERY = 64
"""Of arms below 4,096 people; larger ones have four times as many."""


def in_hand(spread: Spread) -> int:
    """Deliveries that a process runs at once: of each stream one at least."""
    return max(int(ServiceSettings.model_fields["work_at_once"].default), spread)


def borne(spread: Spread) -> int:
    """The processes that keep the model endpoints busy; more of them would wait."""
    quota = int(ModelsSettings.model_fields["concurrency"].default)
    return ceil(quota / (in_hand(spread) * TURNS_OF_A_DELIVERY))


def documents() -> dict[Path, str]:
    """The files of each component."""
    scaled = list(yaml.safe_load_all(ONE_STREAM.read_text(encoding="utf-8")))
    return {path: text for spread in SPREADS for path, text in _component(spread, scaled).items()}


def _component(spread: Spread, scaled: list[JsonObject]) -> dict[Path, str]:
    folder = FOLDER / f"spread-{spread}"
    setting = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "rehearsal"},
        "data": {"REHEARSAL_STREAM_SPREAD": str(spread)},
    }
    listing = {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "patches": [{"path": "settings.yaml"}, {"path": "scaling.yaml"}],
    }
    return {
        folder / "kustomization.yaml": as_yaml([listing]),
        folder / "settings.yaml": as_yaml([setting]),
        folder / "scaling.yaml": as_yaml([_spread(each, spread) for each in scaled]),
    }


def _spread(scaled: JsonObject, spread: Spread) -> JsonObject:
    """A ScaledObject with a trigger for each stream."""
    [trigger] = scaled["spec"]["triggers"]
    source = _source(trigger["metadata"]["consumer"])
    streams = [place.stream for place in source.places(spread)]
    names = [stream.lower() for stream in streams]
    triggers = [
        {"type": trigger["type"], "name": name, "metadata": trigger["metadata"] | {"stream": stream}}
        for name, stream in zip(names, streams, strict=True)
    ]
    spec: JsonObject = {"triggers": triggers}
    target = trigger["metadata"]["lagThreshold"]
    if scaled["spec"]["scaleTargetRef"]["name"] == WORKER:
        target = str(max(int(target), in_hand(spread)))
        spec["maxReplicaCount"] = max(scaled["spec"]["minReplicaCount"], borne(spread))
    spec["advanced"] = {"scalingModifiers": {"formula": " + ".join(names), "target": target}}
    return {key: scaled[key] for key in ("apiVersion", "kind", "metadata")} | {"spec": spec}


def _source(durable: str) -> Source:
    return next(one for service in users_of_nats() for one in sources_of(service) if one.durable == durable)
