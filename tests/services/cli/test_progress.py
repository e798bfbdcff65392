"""What is said of a simulation while it runs."""

import pytest

from libs.client.progress import Progress
from libs.client.sse import ServerEvent
from services.cli.progress import Bars, Lines


def paused(paused_for: str, reason: str | None) -> Progress:
    progress = Progress()
    data = {"state": "paused", "reason": reason, "paused_for": paused_for}
    progress.apply(ServerEvent(id="1", name="simulation-state-changed", data=data))
    return progress


@pytest.mark.parametrize("display", [Lines, Bars])
def test_a_pause_says_why_and_what_lets_it_go_on(
    display: type[Lines] | type[Bars], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    with display() as shown:
        shown.show(paused("budget", "the budget of the tenant in 2026-11 is 2 call(s)"))
        shown.show(paused("budget", "the budget of the tenant in 2026-11 is 2 call(s)"))
    told = capsys.readouterr().err
    assert told.count("paused: the budget of the tenant in 2026-11 is 2 call(s). `rehearsal budget` with a higher") == 1
    assert "raise that, then `rehearsal resume`." in told


def test_a_pause_that_somebody_wanted_is_ended_by_resuming(capsys: pytest.CaptureFixture[str]) -> None:
    with Lines() as shown:
        shown.show(paused("request", "asked for"))
    assert capsys.readouterr().err == "paused: asked for. `rehearsal resume` lets it go on.\n"
