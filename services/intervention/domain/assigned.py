"""Who is in which arm, and the frozen plan that says so: all that is decided before the first exposure."""

from collections.abc import Sequence
from datetime import datetime

from libs.contracts.protocol import Plan
from services.intervention.domain.assignment import Assigned, Person, deal, deal_all, planned_n
from services.intervention.domain.balance import balance
from services.intervention.domain.design import Design
from services.intervention.domain.plan import freeze
from services.intervention.domain.power import screen


def assigned(made: Design, people: Sequence[Person], seed: int, frozen_at: datetime) -> tuple[list[Assigned], Plan]:
    """The assignments of an execution, and its plan."""
    arms = [arm.name for arm in made.arms]
    is_within = made.design == "within"
    dealt = deal_all(people, arms) if is_within else deal(people, arms, made.dealing, seed)
    sizes = planned_n(dealt.assignments, arms)
    table = () if is_within else balance(people, dealt.assignments, arms, made.baseline)
    plan = freeze(
        made,
        seed,
        sizes,
        frozen_at,
        randomisation=dealt.randomisation,
        balance=table,
        power=screen(made, sizes).metrics,
    )
    return dealt.assignments, plan
