"""HTTP resources of profiles: as JSON, as a page, as single plots."""

import asyncio
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Response

from libs.http import Read
from services.population.api.access import NOSNIFF, SegmentName, Service
from services.population.domain.population import State
from services.population.domain.profile.model import NOTICE, Comparison, Profile
from services.population.domain.profile.page import plot_names, to_html, to_svg
from services.population.service import Profiled

router = APIRouter()
Beside = Annotated[str | None, Query(max_length=64, description="Another population to put beside this one.")]


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


@router.get("/{population_id}/profile")
async def show_profile(
    population_id: str, service: Service, tx: Read, segment: SegmentName = None, compare_with: Beside = None
) -> ProfileView:
    """How each attribute is spread, which go together, and how another population differs; no persona is read."""
    return ProfileView.of(await service.profiles.profile(tx, population_id, segment, compare_with))


@router.get("/{population_id}/profile.html", response_class=Response)
async def show_profile_page(
    population_id: str, service: Service, tx: Read, segment: SegmentName = None, compare_with: Beside = None
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
