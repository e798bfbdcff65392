"""What the dashboards show: the question, the query and the unit of every panel, as data.

Queries use the names of libs.telemetry.metrics. `$rate` stands for the window of rates: Grafana's own on a dashboard, a
fixed one where a test asks. What may rightly show nothing for a while says so with `or vector(0)`.
"""

from typing import NamedTuple

SECONDS, PER_SECOND, SHARE, COUNT, USD, BYTES = "s", "reqps", "percentunit", "short", "currencyUSD", "bytes"


class Panel(NamedTuple):
    """One panel: `queries` by what a line is called, `{{label}}` in it is replaced."""

    title: str
    unit: str
    queries: dict[str, str]
    help: str


class Board(NamedTuple):
    """One dashboard; a row of panels has a title."""

    uid: str
    title: str
    rows: dict[str, tuple[Panel, ...]]


def _quantile(share: float, metric: str, by: str) -> str:
    return f"histogram_quantile({share}, sum by (le, {by}) (rate({metric}_bucket[$rate])))"


def _rate(metric: str, by: str = "", where: str = "") -> str:
    grouped = f"sum by ({by}) " if by else "sum "
    return f"{grouped}(rate({metric}{where}[$rate]))"


_REQUESTS = _rate("rehearsal_http_requests_total")
_ERRORS = _rate("rehearsal_http_requests_total", where='{status=~"5.."}')
_HITS = _rate("rehearsal_model_calls_total", "model", '{outcome="cached"}')
_ASKED = _rate("rehearsal_model_calls_total", "model")
_FAILED_TURNS = _rate("rehearsal_turns_total", where='{status="failed"}')
_REFUSALS = _rate("rehearsal_http_requests_total", "service, status", '{status=~"[45].."}')
_NOT_HANDLED = _rate("rehearsal_bus_messages_total", "service, outcome", '{outcome!="handled"}')
_ROUTES = _quantile(0.95, "rehearsal_http_request_seconds", "service, route")
_HANDLING = _quantile(0.95, "rehearsal_bus_handling_seconds", "service, subject")
_DELIVERY = 'sum by (le) (rate(rehearsal_bus_handling_seconds_bucket{subject=~".*deliver-stimulus.*"}[$rate]))'
_LAG = "sum by (stream, consumer) (rehearsal_jetstream_consumer_pending)"

OVERVIEW = Board(
    "rehearsal-overview",
    "Rehearsal: overview",
    {
        "Simulations": (
            Panel(
                "Simulations in hand",
                COUNT,
                {"{{state}}": 'max by (state) (rehearsal_simulations{state!~"completed|failed|cancelled"})'},
                "Those that have not ended, by state.",
            ),
            Panel(
                "Stalled",
                COUNT,
                {"{{state}}": "max by (state) (rehearsal_simulations_stalled)"},
                "Nothing has moved for ten minutes. docs/runbooks/simulations-stalled.md",
            ),
            Panel(
                "Turns",
                PER_SECOND,
                {"{{status}}": _rate("rehearsal_turns_total", "status")},
                "Recorded a second, answered or failed.",
            ),
        ),
        "Are people and services served": (
            Panel(
                "Requests that failed",
                SHARE,
                {"share": f"({_ERRORS} or vector(0)) / {_REQUESTS}"},
                "Answers with 5xx of all requests. The objective is below 0.1 %.",
            ),
            Panel(
                "Slowest percent of requests",
                SECONDS,
                {"{{service}}": _quantile(0.99, "rehearsal_http_request_seconds", "service")},
                "99 of 100 requests are faster.",
            ),
            Panel(
                "Dead letters",
                COUNT,
                {"kept": 'max(rehearsal_jetstream_stream_messages{stream="DLQ"})'},
                "Messages that were given up and not replayed. docs/runbooks/dead-letters.md",
            ),
        ),
        "What it costs": (
            Panel(
                "Cost an hour",
                USD,
                {"{{model}}": "sum by (model) (increase(rehearsal_model_cost_usd_total[1h]))"},
                "Of calls that were made; the ledger has the exact amounts.",
            ),
            Panel(
                "Tokens",
                PER_SECOND,
                {"{{kind}}": _rate("rehearsal_model_tokens_total", "kind")},
                "Prompt (of it cached by the provider) and completion.",
            ),
            Panel(
                "Calls",
                PER_SECOND,
                {"{{outcome}}": _rate("rehearsal_model_calls_total", "outcome")},
                "`cached` cost nothing: they were in the ledger.",
            ),
        ),
    },
)

SERVICES = Board(
    "rehearsal-services",
    "Rehearsal: services",
    {
        "Requests": (
            Panel(
                "Rate",
                PER_SECOND,
                {"{{service}}": _rate("rehearsal_http_requests_total", "service")},
                "Requests a second, to people and between services.",
            ),
            Panel(
                "Errors",
                PER_SECOND,
                {"{{service}} {{status}}": f"{_REFUSALS} or vector(0)"},
                "4xx: who asks is wrong or refused; 5xx: we are.",
            ),
            Panel(
                "Duration (median)",
                SECONDS,
                {"{{service}}": _quantile(0.5, "rehearsal_http_request_seconds", "service")},
                "Event streams are not in it until they end.",
            ),
            Panel(
                "Slowest routes",
                SECONDS,
                {"{{service}} {{route}}": f"topk(10, {_ROUTES})"},
                "95 of 100 requests are faster.",
            ),
        ),
        "Messages": (
            Panel(
                "Handled",
                PER_SECOND,
                {"{{service}}": _rate("rehearsal_bus_messages_total", "service", '{outcome="handled"}')},
                "Messages a second whose effects are committed.",
            ),
            Panel(
                "Not at once",
                PER_SECOND,
                {"{{service}} {{outcome}}": f"{_NOT_HANDLED} or vector(0)"},
                "duplicate and not_ready are normal in small numbers; retried and dead are not.",
            ),
            Panel(
                "Handling time",
                SECONDS,
                {"{{service}} {{subject}}": f"topk(10, {_HANDLING})"},
                "95 of 100 messages are faster.",
            ),
        ),
        "Inside": (
            Panel(
                "Outbox: oldest message",
                SECONDS,
                {"{{service}}": "max by (service) (rehearsal_outbox_age_seconds)"},
                "Above some seconds NATS does not take what is sent. docs/runbooks/outbox-stuck.md",
            ),
            Panel(
                "Outbox: waiting, and sent a second",
                COUNT,
                {
                    "{{service}} waiting": "sum by (service) (rehearsal_outbox_unpublished)",
                    "{{service}} sent": _rate("rehearsal_outbox_published_total", "service"),
                },
                "What transactions have sent.",
            ),
            Panel(
                "Event-loop lag",
                SECONDS,
                {"{{service}}": _quantile(0.99, "rehearsal_event_loop_lag_seconds", "service")},
                "How late a timer is. Above 0.1 s something blocks the loop, or the CPU is used up.",
            ),
            Panel(
                "Memory",
                BYTES,
                {"{{instance}}": "max by (instance) (process_resident_memory_bytes)"},
                "Of each process.",
            ),
        ),
    },
)

JETSTREAM = Board(
    "rehearsal-jetstream",
    "Rehearsal: JetStream",
    {
        "Streams": (
            Panel(
                "Messages", COUNT, {"{{stream}}": "max by (stream) (rehearsal_jetstream_stream_messages)"}, "Kept now."
            ),
            Panel("Size", BYTES, {"{{stream}}": "max by (stream) (rehearsal_jetstream_stream_bytes)"}, "On disk."),
            Panel(
                "New messages",
                PER_SECOND,
                {"{{stream}}": "sum by (stream) (rate(rehearsal_jetstream_stream_last_sequence[$rate]))"},
                "A second.",
            ),
            Panel(
                "Servers that answer",
                COUNT,
                {"{{server}}": "max by (server) (rehearsal_jetstream_up)"},
                "1: the exporter can ask it.",
            ),
        ),
        "Consumers": (
            Panel(
                "Lag", COUNT, {"{{consumer}}": f"topk(15, {_LAG})"}, "Messages that wait. docs/runbooks/consumer-lag.md"
            ),
            Panel(
                "In hand",
                COUNT,
                {"{{consumer}}": "topk(15, sum by (stream, consumer) (rehearsal_jetstream_consumer_ack_pending))"},
                "Delivered, and neither acknowledged nor handed back.",
            ),
            Panel(
                "Delivered again",
                COUNT,
                {"{{consumer}}": "topk(15, sum by (stream, consumer) (rehearsal_jetstream_consumer_redelivered))"},
                "Of those in hand. Many: a handler fails, or its process is killed again and again.",
            ),
        ),
    },
)

MODELS = Board(
    "rehearsal-models",
    "Rehearsal: models",
    {
        "Calls": (
            Panel(
                "Outcomes",
                PER_SECOND,
                {"{{model}} {{outcome}}": _rate("rehearsal_model_calls_total", "model, outcome")},
                "answered, failed, withdrawn, or cached in the ledger.",
            ),
            Panel(
                "Served from the ledger",
                SHARE,
                {"{{model}}": f"({_HITS} or 0 * {_ASKED}) / {_ASKED}"},
                "Of all calls that were asked for.",
            ),
            Panel(
                "Time of a call",
                SECONDS,
                {
                    "{{model}} median": _quantile(0.5, "rehearsal_model_call_seconds", "model"),
                    "{{model}} 95 %": _quantile(0.95, "rehearsal_model_call_seconds", "model"),
                },
                "With its retries, without its wait for a turn.",
            ),
        ),
        "Endpoints": (
            Panel(
                "In flight",
                COUNT,
                {
                    "{{model}}": "sum by (model) (rehearsal_model_in_flight)",
                    "{{model}} limit": "sum by (model) (rehearsal_model_in_flight_limit)",
                },
                "The limit follows what the endpoint bears.",
            ),
            Panel(
                "Waiting",
                COUNT,
                {"{{model}}": "sum by (model) (rehearsal_model_waiting)"},
                "Calls that wait for their turn.",
            ),
            Panel(
                "Attempts",
                PER_SECOND,
                {"{{model}} {{verdict}}": _rate("rehearsal_model_attempts_total", "model, verdict")},
                "Requests to the endpoint, by what came of them.",
            ),
            Panel(
                "Too busy (429)",
                PER_SECOND,
                {"{{model}}": _rate("rehearsal_model_refused_total", "model")},
                "A little is how the limit is found. docs/runbooks/model-endpoint.md",
            ),
        ),
        "Spent": (
            Panel(
                "Cost a day",
                USD,
                {"{{model}}": "sum by (model) (increase(rehearsal_model_cost_usd_total[1d]))"},
                "At the prices of the table; models without a price cost nothing here.",
            ),
            Panel(
                "Tokens",
                PER_SECOND,
                {"{{model}} {{kind}}": _rate("rehearsal_model_tokens_total", "model, kind")},
                "prompt_cached is part of prompt.",
            ),
        ),
    },
)

SIMULATIONS = Board(
    "rehearsal-simulations",
    "Rehearsal: simulations",
    {
        "State": (
            Panel("By state", COUNT, {"{{state}}": "max by (state) (rehearsal_simulations)"}, "All that are kept."),
            Panel(
                "Stalled",
                COUNT,
                {"{{state}}": "max by (state) (rehearsal_simulations_stalled)"},
                "Nothing has moved for ten minutes. docs/runbooks/simulations-stalled.md",
            ),
        ),
        "Progress": (
            Panel("Turns", PER_SECOND, {"{{status}}": _rate("rehearsal_turns_total", "status")}, "Recorded a second."),
            Panel(
                "Turns that failed",
                SHARE,
                {"share": f"({_FAILED_TURNS} or vector(0)) / {_rate('rehearsal_turns_total')}"},
                "They are in no analysis as answers. docs/runbooks/turns-failing.md",
            ),
            Panel(
                "Deliveries that wait",
                COUNT,
                {"waiting": 'sum(rehearsal_jetstream_consumer_pending{consumer="communication-deliver-stimulus"})'},
                "Of at most 64 turns each. More workers help until the endpoint is the limit.",
            ),
            Panel(
                "Time of a delivery",
                SECONDS,
                {"median": f"histogram_quantile(0.5, {_DELIVERY})"},
                "From its arrival to its acknowledgement.",
            ),
        ),
    },
)

BOARDS = (OVERVIEW, SERVICES, JETSTREAM, MODELS, SIMULATIONS)
