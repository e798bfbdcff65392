"""Findings as JSON, and the data of their plots. Both are byte-equal for the same study and seed, however often.

`content` holds what the study and its seed determine, and `content_sha256` its hash (sorted keys, no spaces, UTF-8);
`run` holds what differs from one run to the next: ids, times, plan hash, usage. Responses are written a few at a time
and hashed as they are written, so the hash and `run` stand after the content.
"""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256

from libs.contracts.base import JsonObject
from libs.contracts.protocol import NO_USAGE, Usage, total_usage
from services.results.domain.canonical import canonical, canonical_json
from services.results.domain.description import Description
from services.results.domain.findings import FORMAT, SIMULATED, Findings, why_no_analysis
from services.results.domain.plots import plots_of
from services.results.domain.records import Turn
from services.results.domain.rows import AFTER, AGENT, TURN
from services.results.domain.themes import RULES, Themes

RESPONSES = "responses"
_ENDS = "\n  }\n}"
PER_RUN = ("plan_hash", "plan_frozen_at", "usage")


class Document:
    """The JSON document, indented: a beginning, responses a few at a time, an end."""

    def __init__(self, findings: Findings, clusters: Mapping[str, str]) -> None:
        """`clusters`: that of each agent that heard another one, as in the rows."""
        content, self._clusters = _content(findings), clusters
        self._findings, self._usage, self._hash = findings, NO_USAGE, sha256()
        self._before = {name: value for name, value in content.items() if name < RESPONSES}
        self._after = {name: value for name, value in content.items() if name > RESPONSES}
        self._is_first = True

    def begin(self) -> bytes:
        """What comes before the first response."""
        self._hash.update(canonical_json(self._before)[:-1] + f',"{RESPONSES}":['.encode())
        start = json.dumps({"format": FORMAT, "content": canonical(self._before)}, indent=2, ensure_ascii=False)
        return f'{start.removesuffix(_ENDS)},\n    "{RESPONSES}": ['.encode()

    def add(self, turns: Iterable[Turn]) -> bytes:
        """Some responses."""
        written = bytearray()
        for turn in turns:
            response = canonical(_response(turn, self._clusters.get(turn.agent_id)))
            self._hash.update((b"" if self._is_first else b",") + canonical_json(response))
            written += b"\n" if self._is_first else b",\n"
            written += _indented(response, 6)
            self._is_first, self._usage = False, total_usage([self._usage, turn.usage])
        return bytes(written)

    def end(self) -> bytes:
        """What comes after the last response."""
        self._hash.update(b"]," + canonical_json(self._after)[1:])
        run = {"content_sha256": self._hash.hexdigest(), "run": canonical(_run(self._findings, self._usage))}
        closed = b"]" if self._is_first else b"\n    ]"
        members = _indented(canonical(self._after), 2).removeprefix(b"  {")
        return closed + b"," + members + b"," + _indented(run, 0).removeprefix(b"{") + b"\n"


def _indented(value: object, spaces: int) -> bytes:
    """JSON with every line so far to the right; no text in it has a line break of its own."""
    margin = " " * spaces
    return (margin + json.dumps(value, indent=2, ensure_ascii=False).replace("\n", f"\n{margin}")).encode()


def to_plots(findings: Findings) -> bytes:
    """What the report draws, ready to be drawn by others: JSON with the evidence that stands beside every plot."""
    plots = plots_of(findings.study, findings.description) if findings.description else ()
    document = {
        "simulation_id": findings.study.simulation_id,
        "notice": SIMULATED,
        "note": None if findings.analysis else why_no_analysis(findings.state),
        "evidence": findings.evidence,
        "plots": plots,
    }
    return json.dumps(canonical(document), ensure_ascii=False).encode() + b"\n"


def _content(findings: Findings) -> JsonObject:
    """What the study and its seed determine, but for the responses."""
    study, plan = findings.study, findings.study.plan
    analysis = findings.analysis.model_dump() if findings.analysis else None
    return {
        "notice": SIMULATED,
        "state": findings.state,
        "note": None if findings.analysis else why_no_analysis(findings.state),
        "evidence": findings.evidence,
        "study": {
            "name": plan.name if plan else study.name,
            "model": study.model,
            "seed": study.seed,
            "population": study.people,
            "instruments": study.instruments,
            "plan": plan.model_dump(exclude={"intervention_id", "frozen_at", "instruments"}) if plan else None,
        },
        "counts": {
            "assigned": findings.heads.assigned,
            "answered": findings.heads.answered,
            "failed": findings.heads.failed,
        },
        "analysis": {key: value for key, value in analysis.items() if key not in PER_RUN} if analysis else None,
        "decision": findings.decision,
        "alarms": findings.alarms,
        "description": _determined(findings.description),
    }


def _determined(description: Description | None) -> Description | None:
    """Without what somebody had a model find afterwards."""
    if description is None:
        return None
    return description.model_copy(update={"themes": tuple(one for one in description.themes if one.coder == RULES)})


def _by_models(description: Description | None) -> list[Themes]:
    """What somebody had a model find."""
    return [one for one in description.themes if one.coder != RULES] if description else []


def _run(findings: Findings, usage: Usage) -> JsonObject:
    """What another run of the same study would have differently."""
    study = findings.study
    return {
        "simulation_id": study.simulation_id,
        "simulation_name": study.name,
        "intervention_id": study.intervention_id,
        "population_id": study.population_id,
        "created_at": study.created_at,
        "plan_hash": study.plan_hash,
        "plan_frozen_at": study.plan.frozen_at if study.plan else None,
        "analysed_at": findings.analysed_at,
        "usage": usage,
        "themes": _by_models(findings.description),
        "platform_version": findings.version,
    }


def _response(turn: Turn, cluster_id: str | None) -> JsonObject:
    told = {name: getattr(turn, name) for name in (*AGENT, *TURN, *AFTER, "answers", "demographic_profile", "model")}
    return told | {"cluster_id": cluster_id}
