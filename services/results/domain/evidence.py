"""The evidence that stands beside every number of one simulation; grade C as long as no human data are attached."""

from collections.abc import Iterable
from dataclasses import dataclass

from libs.contracts.evidence import Evidence, SampleRatioCheck
from libs.contracts.turns import is_offline
from services.results.domain.records import Study
from services.results.domain.samples import Headcount

NO_CORRECTION = "none: there is no plan, so no arms are compared"


@dataclass(frozen=True, slots=True)
class Evidences:
    """Makes the evidence of any number of a simulation; what is the same for all of them is worked out once."""

    is_offline: bool
    attrition: dict[str, float]
    sample_ratio: SampleRatioCheck
    correction: str
    looks: int

    def of(self, clusters: int, smallest_arm: int | None = None) -> Evidence:
        """Evidence of a number made from this many units; a comparison is worth what its smaller arm is."""
        from libs.stats import grade_c

        worth = grade_c(clusters if smallest_arm is None else smallest_arm, is_offline=self.is_offline)
        return Evidence(
            grade=worth.grade,
            effective_n=worth.effective_n,
            effective_n_basis=worth.effective_n_basis,
            caveat=worth.caveat,
            clusters=clusters,
            attrition=self.attrition,
            sample_ratio=self.sample_ratio,
            correction=self.correction,
            looks=self.looks,
        )

    def overall(self, heads: Headcount) -> Evidence:
        """Evidence of the study as a whole: where arms are compared it is worth no more than its smallest arm."""
        return self.of(heads.clusters, min(heads.units.values()) if len(heads.units) > 1 else None)


def evidences(study: Study, heads: Headcount, looks: int, models: Iterable[str] = ()) -> Evidences:
    """What evidence there is in this simulation, answered by these models and analysed `looks` times.

    Before the first look nobody is lost who has merely not answered yet: only failures count, and no ratio is checked.
    """
    from libs.stats import SampleRatio, sample_ratio

    check = sample_ratio(heads.assigned, heads.answered) if looks else SampleRatio(None, None, False)
    return Evidences(
        is_offline=is_offline(study.model) or any(map(is_offline, models)),
        attrition=heads.attrition if looks else heads.failed_share,
        sample_ratio=SampleRatioCheck(
            planned=heads.assigned, completed=heads.answered, p_value=check.p_value, is_flagged=check.is_flagged
        ),
        correction=study.plan.correction if study.plan else NO_CORRECTION,
        looks=looks,
    )
