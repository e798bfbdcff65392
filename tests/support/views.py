"""Every screen of the pages, as an address that can be opened, and what it is about: for tests and for pictures.

Names in braces are of things that a platform has only once something was run; `things` looks them up.
"""

from typing import Any, NamedTuple

from tests.support.platforms import HTTP


class View(NamedTuple):
    """A screen: its address, a heading that it has once it is there, and whether a phone is pictured too."""

    path: str
    heading: str
    is_taken_on_a_phone: bool = False
    shows: str = ""
    """What of it is pictured, where that is not its beginning."""


FORM = ".workbench"

VIEWS = {
    "simulations": View("", "Simulations"),
    "design": View("design", "Design a study", True),
    "design-segment": View("design?node=segment:0", "Design a study", shows=FORM),
    "design-intervention": View("design?node=intervention", "Design a study", shows=FORM),
    "design-variant": View("design?node=variant:0", "Design a study", True, FORM),
    "design-analysis": View("design?node=analysis", "Design a study", shows=FORM),
    "monitor": View("simulations/{id}?tab=monitor", "Responses", True, ".arms"),
    "results": View("simulations/{id}?tab=results", "Differences from the baseline", True),
    "people": View("simulations/{id}?tab=people&metric=open_rate&trait=education", "Email Campaign A/B Test"),
    "transcript": View("simulations/{id}?tab=people&agent=agent_0001", "What they said"),
    "health": View("simulations/{id}?tab=health", "Health"),
    "shared": View("shared/{link}/simulations/{id}", "Differences from the baseline"),
    "compare": View("compare?first={id}&second={other}", "Compare simulations"),
    "populations": View("populations", "Populations"),
    "population": View("populations/{population}", "How well the margins are met"),
    "person": View("populations/{population}/people/agent_0001", "Persona"),
    "validation": View("validation", "What past comparisons teach"),
    "comparison": View("validation/{comparison}", "Both distributions"),
    "events": View("events?message=simulation-created", "Dead letters"),
    "api": View("api", "API"),
    "settings": View("settings", "Audit log"),
    "signed-in": View("signed-in", "Sign in"),
}
"""By the name of the picture."""

ANSWERS = [1, 2, 3, 4, 5, 3, 4, 2, 5, 3, 4, 4] * 3


def things(url: str, simulation: str, other: str) -> dict[str, str]:
    """What stands for the names in the addresses: this simulation, another one, a link and a comparison made for it."""
    status: dict[str, Any] = HTTP.get(f"{url}/simulations/{simulation}/status").json()
    link = HTTP.post(f"{url}/shares", json={"simulation_id": simulation, "name": "for a picture"}).json()
    compared = HTTP.post(
        f"{url}/validation/empirical-compare",
        json={
            "metric": {"name": "would_buy", "type": "ordinal", "scale": [1, 5]},
            "empirical": {"values": ANSWERS},
            "simulated": {"values": [3] * len(ANSWERS), "simulator": "always-the-middle"},
            "study": "An example",
        },
    )
    return {
        "id": simulation,
        "other": other,
        "population": status["population_id"],
        "comparison": compared.json()["id"],
        "link": link["path"].rsplit("/", 1)[-1],
    }
