"""Grafana dashboards as code: deploy/observability/grafana/dashboards/*.json.

Panels are in tools.panels; here is only how Grafana draws them. tools.generated writes the files.
"""

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
