"""Findings as JSON, and the data of their plots. Both are byte-equal for the same study and seed, however often.

`content` holds what the study and its seed determine, and `content_sha256` its hash (sorted keys, no spaces, UTF-8);
`run` holds what differs from one run to the next: ids, times, plan hash, usage. Responses as rows are written by
`service.files`, a few at a time.
"""

import json

from libs.contracts.base import JsonObject
from libs.contracts.protocol import total_usage
from services.results.domain.canonical import canonical, canonical_json, digest
from services.results.domain.description import Description
from services.results.domain.findings import FORMAT, SIMULATED, Findings, why_no_analysis
from services.results.domain.plots import plots_of
from services.results.domain.records import Turn
from services.results.domain.rows import AFTER, BEFORE
from services.results.domain.themes import RULES, Themes

PER_RUN = ("plan_hash", "plan_frozen_at", "usage")


def to_json(findings: Findings) -> bytes:
    """The JSON document, indented."""
    content = canonical(_content(findings))
    document = {
        "format": FORMAT,
        "content_sha256": digest(canonical_json(content)),
        "run": canonical(_run(findings)),
        "content": content,
    }
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


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
    """What the study and its seed determine."""
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
        "responses": [_response(turn) for turn in findings.turns],
    }


def _determined(description: Description | None) -> Description | None:
    """Without what somebody had a model find afterwards."""
    if description is None:
        return None
    return description.model_copy(update={"themes": tuple(one for one in description.themes if one.coder == RULES)})


def _by_models(description: Description | None) -> list[Themes]:
    """What somebody had a model find."""
    return [one for one in description.themes if one.coder != RULES] if description else []


def _run(findings: Findings) -> JsonObject:
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
        "usage": total_usage([turn.usage for turn in findings.turns]),
        "themes": _by_models(findings.description),
        "platform_version": findings.version,
    }


def _response(turn: Turn) -> JsonObject:
    return {name: getattr(turn, name) for name in (*BEFORE, *AFTER, "answers", "demographic_profile", "model")}
