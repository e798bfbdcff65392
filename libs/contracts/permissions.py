"""The one permission table: the least role for every public operation. What stands nowhere here is not reachable.

A path matches the entry with the most literal segments, as it would at the service that owns it. The gateway asks the
table first, and the service that owns the path again: of a path that the two read differently, nothing comes through.
"""

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from libs.contracts.errors import ForbiddenError, NotFoundError
from libs.contracts.identity import Identity, Role

OPEN = frozenset({"/", "/ui", "/docs", "/openapi.json", "/healthz", "/readyz"})
"""Answered to anybody: no data of a tenant. The page below /ui/ is too."""
PAGES = "/ui/"

TABLE = {
    Role.VIEWER: """
        GET /whoami
        GET /usage
        GET /simulations/{simulation_id}/usage
        GET /shares/received
        GET /stream
        GET /simulations/list
        GET /simulations/{simulation_id}/status
        GET /simulations/{simulation_id}/steps
        GET /simulations/{simulation_id}/stream
        GET /simulations/{simulation_id}/budget
        GET /simulations/{simulation_id}/checkpoints
        GET /simulations/{simulation_id}/checkpoints/{checkpoint_id}/diff/{other_id}
        GET /studies
        GET /studies/templates
        GET /studies/templates/{name}
        GET /studies/{study_id}
        GET /studies/{study_id}/file
        GET /studies/{study_id}/versions
        GET /studies/{study_id}/versions/{version}
        GET /agent-populations/list
        GET /agent-populations/fragments
        GET /agent-populations/fragments/{name}
        GET /agent-populations/templates
        GET /agent-populations/templates/{name}
        GET /agent-populations/{population_id}
        GET /agent-populations/{population_id}/job
        GET /agent-populations/{population_id}/margins
        GET /agent-populations/{population_id}/profile
        GET /agent-populations/{population_id}/profile.html
        GET /agent-populations/{population_id}/plots/{name}.svg
        GET /agent-populations/{population_id}/segments
        GET /agent-populations/{population_id}/simulations
        GET /agent-populations/{population_id}/stream
        GET /agent-populations/{population_id}/individuals
        GET /agent-populations/{population_id}/individuals/{agent_id}
        GET /agent-populations/{population_id}/individuals/{agent_id}/agent.json
        GET /agent-populations/{population_id}/export
        GET /agent-populations/{population_id}/plan
        GET /agent-populations/{population_id}/versions
        GET /agent-populations/{population_id}/versions/{version}/changes
        GET /interventions/list
        GET /interventions/requests
        GET /interventions/requests/{request_id}
        GET /interventions/{intervention_id}
        GET /interventions/{intervention_id}/results
        GET /interventions/{intervention_id}/individual-responses
        GET /interventions/{intervention_id}/monitor
        GET /interventions/{intervention_id}/robustness
        POST /interventions/compare
        POST /interventions/{intervention_id}/power
        POST /agent-populations/compare
        GET /communications/engines
        GET /models
        GET /communications/{simulation_id}/requests
        GET /communications/{simulation_id}/relations
        GET /communications/{simulation_id}/history
        GET /communications/{simulation_id}/transcript
        GET /communications/{simulation_id}/changes
        GET /communications/{simulation_id}/interactions
        GET /communications/{simulation_id}/stories
        GET /communications/{simulation_id}/stories/{story_id}
        GET /communications/{simulation_id}/artefacts
        GET /communications/{simulation_id}/artefacts/{artefact_id}
        GET /results/{simulation_id}/aggregate
        GET /results/{simulation_id}/individual/{agent_id}
        GET /results/{simulation_id}/individuals
        GET /results/{simulation_id}/export
        GET /results/{simulation_id}/feed
        GET /results/{simulation_id}/live
        GET /results/{simulation_id}/extractions
        GET /results/{simulation_id}/extractions/{extraction_id}
        GET /results/{simulation_id}/extractions/{extraction_id}/summary
        GET /results/{simulation_id}/extractions/{extraction_id}/export
        POST /results/compare-interventions
        GET /validation/comparisons
        GET /validation/comparisons/{comparison_id}
        GET /validation/historical-baseline
        GET /validation/historical-baseline/{baseline_id}
        GET /validation/ledger
        GET /validation/calibration
        GET /validation/calibration.html
        GET /validation/calibration/{name}.svg
        GET /validation/{simulation_id}/human-answers
        GET /validation/{simulation_id}/metrics
    """,
    Role.RESEARCHER: """
        POST /events
        GET /events/types
        GET /events/stream
        GET /events/dead-letters
        POST /studies
        POST /studies/validate
        POST /studies/estimate
        POST /studies/run
        PUT /studies/{study_id}
        POST /studies/{study_id}/publish
        POST /studies/{study_id}/run
        POST /simulations/{simulation_id}/clone
        POST /simulations/{simulation_id}/rerun
        POST /simulations/create
        POST /simulations/end
        POST /simulations/{simulation_id}/pause
        POST /simulations/{simulation_id}/resume
        POST /simulations/{simulation_id}/cancel
        PATCH /simulations/{simulation_id}/budget
        POST /simulations/{simulation_id}/checkpoint
        POST /simulations/{simulation_id}/restore/{checkpoint_id}
        DELETE /simulations/{simulation_id}/end
        POST /agent-populations/create
        POST /agent-populations/import
        POST /agent-populations/import/{file_format}
        POST /agent-populations/preview
        POST /agent-populations/bulk-generate
        POST /agent-populations/fragments
        POST /agent-populations/templates
        POST /agent-populations/{population_id}/apply-fragments
        POST /agent-populations/{population_id}/job/cancel
        PATCH /agent-populations/{population_id}/individuals/{agent_id}
        POST /interventions/create
        POST /interventions/preview
        POST /interventions/{intervention_id}/execute
        POST /interventions/{intervention_id}/robustness
        POST /communications/estimate
        POST /communications/broadcast
        POST /communications/direct-message
        POST /communications/conversation/start
        POST /communications/sequence/execute
        POST /communications/enrich
        POST /communications/style
        POST /communications/{simulation_id}/relations
        POST /communications/{simulation_id}/story
        POST /results/extract
        POST /results/normalize
        POST /results/{simulation_id}/themes
        POST /results/reduce
        DELETE /results/{simulation_id}/extractions/{extraction_id}
        POST /validation/empirical-compare
        POST /validation/agent-behavior
        POST /validation/{simulation_id}/human-answers
        GET /shares
        POST /shares
        DELETE /shares/{share_id}
    """,
    Role.OPERATOR: """
        GET /metrics
        GET /webhooks
        GET /webhooks/{webhook_id}
        GET /webhooks/{webhook_id}/notifications
        GET /webhooks/{webhook_id}/notifications/{notification_id}
        POST /webhooks/{webhook_id}/notifications/{notification_id}/replay
        POST /agent-populations/{population_id}/archive
        POST /agent-populations/{population_id}/restore
        DELETE /agent-populations/{population_id}
        DELETE /agent-populations/fragments/{name}
        DELETE /agent-populations/templates/{name}
        POST /validation/historical-baseline
        DELETE /validation/historical-baseline/{baseline_id}
        POST /validation/ledger
    """,
    Role.ADMIN: """
        GET /keys
        POST /keys
        DELETE /keys/{key_id}
        GET /audit
        POST /webhooks
        PATCH /webhooks/{webhook_id}
        DELETE /webhooks/{webhook_id}
        POST /webhooks/{webhook_id}/rotate-secret
        GET /tenants/{tenant}/quota
        PUT /tenants/{tenant}/quota
        GET /tenants/{tenant}/export
        GET /tenants/{tenant}/erasure
        DELETE /tenants/{tenant}
    """,
}

SHARED = frozenset(
    {
        "GET /simulations/{simulation_id}/status",
        "GET /simulations/{simulation_id}/stream",
        "GET /results/{simulation_id}/aggregate",
        "GET /results/{simulation_id}/individual/{agent_id}",
        "GET /results/{simulation_id}/individuals",
        "GET /results/{simulation_id}/export",
        "GET /validation/{simulation_id}/metrics",
    }
)
"""What a read-only link shows, of its own simulation."""


class Policy(NamedTuple):
    """An operation that is reachable: its template, the least role, and what stands for `{simulation_id}`."""

    operation: str
    role: Role
    simulation_id: str | None

    @property
    def scope(self) -> str | None:
        """The least scope that a limited key needs; None where any will do."""
        part = self.operation.split("/")[1]
        return None if part == "whoami" else part + READ * (self.role is Role.VIEWER)

    @property
    def is_shared(self) -> bool:
        """Whether a read-only link of the simulation may see it."""
        return self.operation in SHARED


def _entries() -> Iterator[tuple[str, Role]]:
    for role, lines in TABLE.items():
        for line in lines.split("\n"):
            if line.strip():
                yield line.strip(), role


POLICIES: dict[str, Role] = dict(_entries())
_SPLIT = [(method, tuple(path.split("/"))) for method, _, path in (name.partition(" ") for name in POLICIES)]


READ = ":read"
"""Of a part of the API, what a viewer may."""
_PARTS = sorted({path.split("/")[1] for path in POLICIES})
SCOPES = tuple(scope for part in _PARTS if part != "whoami" for scope in (part, part + READ))
"""To what a key can be limited: parts of the API, by the beginning of their paths. Who it is, everybody may ask."""
SHOWN = tuple(sorted({operation.split("/")[1] + READ for operation in SHARED}))
"""The scopes that whoever makes a read-only link needs."""


def beyond(wanted: Collection[str], scopes: Collection[str] | None) -> Sequence[str]:
    """Of the scopes that are wanted, those that these do not cover."""
    if scopes is None:
        return ()
    return [scope for scope in wanted if not {scope, scope.removesuffix(READ)} & set(scopes)]


def is_open(path: str) -> bool:
    """Whether anybody may ask for this path."""
    return path in OPEN or path.startswith(PAGES)


@lru_cache(maxsize=4096)
def policy_of(method: str, path: str) -> Policy | None:
    """The policy of a request, None for one that nobody may make."""
    parts = tuple(path.split("/"))
    found = [template for verb, template in _SPLIT if verb == method and _matches(template, parts)]
    if not found:
        return None
    best = max(found, key=lambda template: [not part.startswith("{") for part in template])
    operation = f"{method} {'/'.join(best)}"
    place = best.index("{simulation_id}") if "{simulation_id}" in best else None
    return Policy(operation, POLICIES[operation], None if place is None else parts[place])


def admit(identity: Identity, method: str, path: str) -> None:
    """Let a request through or not. Raises `ForbiddenError`; for what is not there, or not shown, `NotFoundError`."""
    policy = policy_of(method, path)
    if policy is None:
        raise NotFoundError("path", path)
    if policy.scope is not None and beyond([policy.scope], identity.scopes):
        raise ForbiddenError(f"This needs the scope {policy.scope}; yours: {', '.join(identity.scopes or ())}.")
    if identity.simulation_id is not None:
        if not policy.is_shared:
            raise ForbiddenError("A read-only link shows the results of its simulation and nothing else.")
        if policy.simulation_id != identity.simulation_id:
            raise NotFoundError("simulation", policy.simulation_id or "")
    elif not identity.role.covers(policy.role):
        raise ForbiddenError(f"This needs the role {policy.role}; yours is {identity.role}.")


def methods_of(path: str) -> list[str]:
    """The methods that a path has."""
    parts = tuple(path.split("/"))
    return sorted({verb for verb, template in _SPLIT if _matches(template, parts)})


def _matches(template: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    return len(template) == len(parts) and all(map(_fits, template, parts))


def _fits(wanted: str, given: str) -> bool:
    prefix, opening, rest = wanted.partition("{")
    if not opening:
        return wanted == given
    suffix = rest.partition("}")[2]
    return len(given) > len(prefix + suffix) and given.startswith(prefix) and given.endswith(suffix)
