"""Grafana dashboards as code: `python -m tools.dashboards` writes deploy/observability/grafana/dashboards/*.json.

`--check` fails when a file is not what the panels say. Panels are in tools.panels; here is only how Grafana draws them.
"""

import sys
from pathlib import Path

from grafana_foundation_sdk.builders import common, dashboard, prometheus, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, DataSourceRef

from tools.panels import BOARDS, Board, Panel

FOLDER = Path(__file__).parents[1] / "deploy" / "observability" / "grafana" / "dashboards"
SOURCE = DataSourceRef(type_val="prometheus", uid="prometheus")
WIDTH, HEIGHT = 24, 8


def documents() -> dict[Path, str]:
    """Every dashboard as JSON, by its file."""
    return {FOLDER / f"{board.uid.removeprefix('rehearsal-')}.json": _json(board) for board in BOARDS}


def _json(board: Board) -> str:
    built = dashboard.Dashboard(board.title).uid(board.uid).tags(["rehearsal"]).refresh("15s").time("now-1h", "now")
    built = built.tooltip(DashboardCursorSync.CROSSHAIR).timezone("browser")
    for title, panels in board.rows.items():
        built = built.with_row(dashboard.Row(title))
        for panel in panels:
            built = built.with_panel(_panel(panel, WIDTH // len(panels)))
    return JSONEncoder(sort_keys=True, indent=2).encode(built.build()) + "\n"


def _panel(panel: Panel, width: int) -> timeseries.Panel:
    drawn = timeseries.Panel().title(panel.title).description(panel.help).unit(panel.unit).min(0)
    drawn = drawn.datasource(SOURCE).span(width).height(HEIGHT).fill_opacity(8)
    drawn = drawn.legend(
        common.VizLegendOptions()
        .show_legend(True)
        .placement(LegendPlacement.BOTTOM)
        .display_mode(LegendDisplayMode.LIST)
    )
    for place, (name, query) in enumerate(panel.queries.items()):
        expression = query.replace("$rate", "$__rate_interval")
        target = prometheus.Dataquery().expr(expression).legend_format(name).ref_id(chr(ord("A") + place))
        drawn = drawn.with_target(target)
    return drawn


def main(arguments: list[str]) -> int:
    """The exit code."""
    wanted = documents()
    if "--check" in arguments:
        old = [path.name for path, text in wanted.items() if not path.exists() or path.read_text() != text]
        if old:
            sys.stderr.write(f"dashboards are not what tools/panels.py says; run `make schemas`: {', '.join(old)}\n")
        return 1 if old else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, text in wanted.items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
