"""HTTP resources of profiles: as JSON, as a page, as single plots."""

import asyncio
from statistics import fmean
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from libs.contracts.specs import CompareSpec
from libs.http import Read
from services.population.api.access import NOSNIFF, SegmentName, Service
from services.population.domain.population import Population, State
from services.population.domain.profile.model import NOTICE, Comparison, Difference, Profile
from services.population.domain.profile.page import plot_names, to_html, to_svg
from services.population.service import Compared, Profiled

router = APIRouter()
CompareWith = Annotated[str | None, Query(max_length=64, description="Another population to put beside this one.")]


class ProfileView(Profile):
    """The profile of a population or of one segment; `comparison` is null unless another one was named."""

    population_id: str
    name: str
    state: State
    segment: str | None
    notice: str
    comparison: Comparison | None
    links: dict[str, str]

    @classmethod
    def of(cls, profiled: Profiled) -> "ProfileView":
        """The view of a profile."""
        population, here = profiled.population, f"/agent-populations/{profiled.population.id}"
        plots = {name: f"{here}/plots/{quote(name, safe='')}.svg" for name in plot_names(profiled.profile)}
        return cls(
            **{name: getattr(profiled.profile, name) for name in Profile.model_fields},
            population_id=population.id,
            name=population.spec.name,
            state=population.state,
            segment=profiled.segment,
            notice=NOTICE,
            comparison=profiled.comparison,
            links={"page": f"{here}/profile.html", **plots},
        )


class Beside(BaseModel):
    """One of two populations."""

    population_id: str
    name: str
    size: int = Field(description="People who are there.")
    demographic_base: str
    links: dict[str, str]

    @classmethod
    def of(cls, population: Population, other: Population) -> "Beside":
        """The view of one of them."""
        here = f"/agent-populations/{population.id}"
        return cls(
            population_id=population.id,
            name=population.spec.name,
            size=population.generated,
            demographic_base=population.spec.demographic_base,
            links={"self": here, "page": f"{here}/profile.html?compare_with={other.id}"},
        )


class ComparisonView(BaseModel):
    """Two populations side by side; `values` and `bins` are of the first, `other_values` and `other_bins` of the other.

    Nothing is tested: both can be drawn as large as one likes, so a p-value would only say how large they are.
    """

    first: Beside
    second: Beside
    notice: str
    mean_total_variation: float | None = Field(description="Over the classifications that both have; null without any.")
    differences: list[Difference] = Field(description="The most different first, by its distance.")
    only_first: list[str] = Field(description="Attributes that the second population does not have.")
    only_second: list[str]

    @classmethod
    def of(cls, compared: Compared) -> "ComparisonView":
        """The view of a comparison."""
        comparison = compared.comparison
        distances = [one.total_variation for one in comparison.differences if one.kind == "categorical"]
        return cls(
            first=Beside.of(compared.first, compared.second),
            second=Beside.of(compared.second, compared.first),
            notice=NOTICE,
            mean_total_variation=round(fmean(distances), 6) if distances else None,
            differences=list(comparison.differences),
            only_first=list(comparison.only_here),
            only_second=list(comparison.only_there),
        )


@router.post("/compare")
async def compare_populations(spec: CompareSpec, service: Service, tx: Read) -> ComparisonView:
    """How two populations differ, attribute by attribute, in distributions that are ready to plot."""
    return ComparisonView.of(await service.profiles.compared(tx, spec.population_ids))


@router.get("/{population_id}/profile")
async def show_profile(
    population_id: str, service: Service, tx: Read, segment: SegmentName = None, compare_with: CompareWith = None
) -> ProfileView:
    """How each attribute is spread, which go together, and how another population differs; no persona is read."""
    return ProfileView.of(await service.profiles.profile(tx, population_id, segment, compare_with))


@router.get("/{population_id}/profile.html", response_class=Response)
async def show_profile_page(
    population_id: str, service: Service, tx: Read, segment: SegmentName = None, compare_with: CompareWith = None
) -> Response:
    """The profile as a page that needs nothing but itself."""
    found = await service.profiles.profile(tx, population_id, segment, compare_with)
    title = found.population.spec.name + (f", {segment}" if segment else "")
    body = await asyncio.to_thread(to_html, title, found.profile, found.comparison)
    return Response(body, media_type="text/html; charset=utf-8", headers=NOSNIFF)


@router.get("/{population_id}/plots/{name:path}.svg", response_class=Response)
async def show_plot(population_id: str, name: str, service: Service, tx: Read, segment: SegmentName = None) -> Response:
    """One attribute of the profile, or `associations`, as an SVG file."""
    return Response(
        to_svg(name, await service.profiles.plotted(tx, population_id, name, segment)),
        media_type="image/svg+xml",
        headers=NOSNIFF,
    )
