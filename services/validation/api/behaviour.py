"""How the agents of a simulation behaved."""

from fastapi import APIRouter

from libs.contracts.comparisons import BehaviourSpec
from libs.http import Tenant
from services.validation.api.access import Service
from services.validation.domain.behaviour.report import BehaviourReport

router = APIRouter()


@router.post("/agent-behavior")
async def validate_agent_behaviour(spec: BehaviourSpec, service: Service, tenant: Tenant) -> BehaviourReport:
    """Whether agents act in character, agree with themselves, read as people, and differ from each other.

    With a `judge` a language model scores the last turn of a part of the agents, and interviews some of them about who
    they are (`interviews`); without one, rules find what words and numbers show, in every turn.
    """
    return await service.behaviour.report(spec, tenant)
