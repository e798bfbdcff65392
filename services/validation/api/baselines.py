"""Baselines: past results of people, imported once and compared with as often as wanted."""

from fastapi import APIRouter

from libs.contracts.comparisons import BaselineSpec
from libs.http import Cursor, Limit, Page, Read, Write, decode_cursor, page
from services.validation.api.access import Service
from services.validation.domain.baselines import Baseline

router = APIRouter(prefix="/historical-baseline")


class BaselineView(Baseline):
    """A baseline, without the answers of its people."""

    links: dict[str, str]

    @classmethod
    def of(cls, baseline: Baseline) -> "BaselineView":
        """The view of a baseline."""
        own = {name: getattr(baseline, name) for name in Baseline.model_fields}
        return cls(**own, links={"self": f"/validation/historical-baseline/{baseline.id}"})


@router.post("", status_code=201)
async def add_historical_baseline(spec: BaselineSpec, service: Service, tx: Write) -> BaselineView:
    """Keep past results of people, from a CSV file or as JSON, with where they come from.

    Use them as `"empirical": {"baseline_id": …}` of a comparison, with a metric declared as it is here.
    """
    return BaselineView.of(await service.baselines.add(tx, spec))


@router.get("")
async def list_historical_baselines(
    service: Service, tx: Read, limit: Limit = 50, cursor: Cursor = None
) -> Page[BaselineView]:
    """Baselines, newest first."""
    key = decode_cursor(cursor, str)
    rows = await service.baselines.newest(tx, limit + 1, key[0] if key else None)
    return page(rows, limit, BaselineView.of, lambda row: (row.id,))


@router.get("/{baseline_id}")
async def show_historical_baseline(baseline_id: str, service: Service, tx: Read) -> BaselineView:
    """A baseline and how much there is of each metric."""
    return BaselineView.of((await service.baselines.with_answers(tx, baseline_id))[0])


@router.delete("/{baseline_id}", status_code=204)
async def remove_historical_baseline(baseline_id: str, service: Service, tx: Write) -> None:
    """Forget a baseline and its answers. Comparisons that were made with it stay in the ledger."""
    await service.baselines.remove(tx, baseline_id)
