"""The bill of materials of an image with more than the lock."""

from tools.bill import complete

LOCKED = {
    "bomFormat": "CycloneDX",
    "components": [{"name": "pyyaml", "version": "6.0.3", "purl": "pkg:pypi/pyyaml@6.0.3"}],
}


def test_what_came_on_top_of_the_lock_is_listed() -> None:
    installed = [{"name": name, "version": "1.0"} for name in ("rehearsal", "PyYAML", "An_Engine.of-mine")]
    bill = complete(LOCKED, installed)
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["components"][0] == LOCKED["components"][0]
    [further] = bill["components"][1:]
    assert (further["name"], further["purl"]) == ("an-engine-of-mine", "pkg:pypi/an-engine-of-mine@1.0")
