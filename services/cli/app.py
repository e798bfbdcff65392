"""The commands and their options. Everything else is imported inside of them, so that `--help` answers at once."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from services.cli import (
    access,
    operations,
    people_commands,
    result_files,
    studies,
    tenants,
    toolbox,
    validation,
    webhook_commands,
)
from services.cli.options import (
    CODES,
    DATA,
    AsJson,
    Calls,
    Data,
    SimulationId,
    Tokens,
    Url,
    Usd,
    capped,
    own_key,
    source_of,
)

HELP = """Rehearse a campaign, a policy or a product change on a simulated population.

Start with: rehearsal run examples/email_ab.yaml"""

app = typer.Typer(
    help=HELP,
    epilog=CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
    rich_markup_mode=None,
)

talk = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(talk, name="talk", help="Speak with simulated people: surveys, focus groups, interviews, journeys.")
app.add_typer(studies.app, name="studies", help="Studies that a platform keeps, and templates to begin with.")
app.add_typer(people_commands.app, name="people", help="Populations: drawn, found, edited, compared, as files.")
artefacts = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(artefacts, name="artefacts", help="What agents made with tools.")
app.add_typer(access.keys, name="keys", help="Keys: who may use the platform, and as what.")
app.add_typer(access.external, name="external", help="Systems outside that publish over NATS.")
app.add_typer(operations.nats, name="nats", help="For operators: users, streams, dead letters, outboxes.")
app.add_typer(webhook_commands.app, name="webhooks", help="Addresses outside that are told what happens, signed.")
app.add_typer(access.share, name="share", help="Results for others to read: by a link, or as themselves.")
app.add_typer(tenants.app, name="tenants", help="What a tenant may use, its data in one file, its end.")
app.add_typer(access.audit, name="audit", help="The audit log: every write and refusal.")
app.add_typer(studies.again)
app.add_typer(toolbox.app)
app.add_typer(validation.app)
app.add_typer(result_files.app)


@app.callback()
def everywhere(
    key: Annotated[
        str | None, typer.Option(envvar="REHEARSAL_KEY", help="Your key, where the platform asks for one.")
    ] = None,
) -> None:
    own_key.set(key)


def main() -> None:
    """Run the command line."""
    app(prog_name="rehearsal")


@app.command(epilog=CODES, short_help="Run a study and print its verdict.")
def run(
    study: Annotated[Path, typer.Argument(metavar="STUDY.yaml", help="The study to run.")],
    seed: Annotated[int | None, typer.Option(min=0, max=2**31 - 1, help="Instead of the study's seed.")] = None,
    model: Annotated[str | None, typer.Option(help="Instead of the study's model.")] = None,
    engine: Annotated[
        Literal["native", "tinytroupe"] | None, typer.Option(help="Instead of the study's engine.")
    ] = None,
    url: Url = None,
    own: Annotated[bool, typer.Option("--own", help="Start a platform for this run, whatever runs already.")] = False,
    data: Data = DATA,
    out: Annotated[Path, typer.Option(help="The folder that gets a folder for this run.")] = Path("runs"),
    as_json: AsJson = False,
    report: Annotated[bool, typer.Option(help="Write report.html.")] = True,
    usd: Usd = None,
    tokens: Tokens = None,
    calls: Calls = None,
) -> None:
    """Run a study: draw its population, show the variants, print the verdict, write runs/<simulation id>/.

    Uses the platform that answers, else starts one for as long as the run takes.
    """
    from services.cli.exits import carry_out
    from services.cli.run import RunOptions, run_study

    options = RunOptions(
        seed=seed,
        model=model,
        engine=engine,
        out=out,
        as_json=as_json,
        has_report=report,
        budget=capped(usd, tokens, calls),
    )
    carry_out(run_study(study, source_of(url, data, own=own, starts=True), options))


@app.command(epilog=CODES, short_help="Say what a study takes before it runs.")
def estimate(
    study: Annotated[Path, typer.Argument(metavar="STUDY.yaml", help="The study.")],
    seed: Annotated[int | None, typer.Option(min=0, max=2**31 - 1, help="Instead of the study's seed.")] = None,
    model: Annotated[str | None, typer.Option(help="Instead of the study's model.")] = None,
    engine: Annotated[
        Literal["native", "tinytroupe"] | None, typer.Option(help="Instead of the study's engine.")
    ] = None,
    url: Url = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Say what a study takes before it runs, or what is wrong with it: calls, tokens, USD and time, from low to high.

    Prompts are composed for some of its people and measured; no model is called and nothing is kept.
    """
    from services.cli.estimate import EstimateOptions, estimate_study
    from services.cli.exits import carry_out

    options = EstimateOptions(seed=seed, model=model, engine=engine, as_json=as_json)
    carry_out(estimate_study(study, source_of(url, data, starts=True), options))


@app.command(epilog=CODES, short_help="Follow a simulation to its end.")
def watch(simulation: SimulationId, url: Url = None) -> None:
    """Follow a simulation until it has ended, and print its verdict."""
    from services.cli.exits import carry_out
    from services.cli.show import watch_simulation

    carry_out(watch_simulation(simulation, source_of(url)))


@app.command("ls", epilog=CODES)
def list_(
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 20,
    state: Annotated[list[str] | None, typer.Option(help="Only in this state; may be given again.")] = None,
    name: Annotated[str | None, typer.Option(help="Only with this in their name.")] = None,
    population: Annotated[str | None, typer.Option(help="Only over this population.")] = None,
    sort: Annotated[str | None, typer.Option(help="created_at, name or state; with a minus backwards.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List simulations, newest first unless sorted otherwise."""
    from services.cli.exits import carry_out
    from services.cli.show import list_simulations

    wanted = {"name": name, "population_id": population, "sort": sort}
    carry_out(list_simulations(limit, state or [], wanted, source_of(url), as_json=as_json))


@app.command("end", epilog=CODES, short_help="End simulations.")
def end_(
    simulations: Annotated[list[str], typer.Argument(metavar="SIM...", help="Ids of simulations.")],
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """End simulations: interactive ones are analysed, others that are not complete are cancelled."""
    from services.cli.exits import carry_out
    from services.cli.show import end_simulations

    carry_out(end_simulations(simulations, source_of(url), as_json=as_json))


@app.command(epilog=CODES, short_help="Print the verdict of a simulation.")
def results(simulation: SimulationId, url: Url = None, as_json: AsJson = False) -> None:
    """Print the verdict of a simulation; with --json, all its results."""
    from services.cli.exits import carry_out
    from services.cli.show import show_results

    carry_out(show_results(simulation, source_of(url), as_json=as_json))


@app.command(epilog=CODES, short_help="Run a simulation again and compare every byte.")
def replay(simulation: SimulationId, url: Url = None, data: Data = DATA, as_json: AsJson = False) -> None:
    """Run a simulation again with the same people, seed and model, and compare the answers byte for byte.

    Answers come from the ledger, so a replay makes no new model calls. Exits with 1 when anything differs.
    """
    from services.cli.exits import carry_out
    from services.cli.replay import replay_simulation

    carry_out(replay_simulation(simulation, source_of(url, data, starts=True), as_json=as_json))


@app.command(epilog=CODES, short_help="Pause a simulation.")
def pause(simulation: SimulationId, url: Url = None, as_json: AsJson = False) -> None:
    """Begin no new turn until the simulation is resumed; turns in hand are finished and counted."""
    from services.cli.control import control
    from services.cli.exits import carry_out

    carry_out(control(simulation, "pause", source_of(url), as_json=as_json))


@app.command(epilog=CODES, short_help="Go on with a paused simulation.")
def resume(simulation: SimulationId, url: Url = None, as_json: AsJson = False) -> None:
    """Go on with a paused simulation where it was. Nothing that was paid for is asked for again."""
    from services.cli.control import control
    from services.cli.exits import carry_out

    carry_out(control(simulation, "resume", source_of(url), as_json=as_json))


@app.command(epilog=CODES, short_help="Stop a simulation for good.")
def cancel(simulation: SimulationId, url: Url = None, as_json: AsJson = False) -> None:
    """Stop a simulation at once and for good. What was answered is kept and nothing is analysed."""
    from services.cli.control import control
    from services.cli.exits import carry_out

    carry_out(control(simulation, "cancel", source_of(url), as_json=as_json))


@app.command(epilog=CODES, short_help="Show or change what a simulation may spend.")
def budget(
    simulation: SimulationId,
    usd: Usd = None,
    tokens: Tokens = None,
    calls: Calls = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show what a simulation has spent and may spend. A higher cap ends the pause that a spent budget began."""
    from services.cli.control import budget as show_budget
    from services.cli.exits import carry_out

    carry_out(show_budget(simulation, capped(usd, tokens, calls), source_of(url), as_json=as_json))


@app.command(epilog=CODES, short_help="What was used, and what it cost.")
def usage(
    simulation: Annotated[
        str | None, typer.Argument(metavar="[SIM]", help="Only this simulation, beside its estimate.")
    ] = None,
    by: Annotated[Literal["simulation", "model", "day", "tenant"], typer.Option(help="What to sum by.")] = "simulation",
    since: Annotated[str | None, typer.Option(help="Calls that ended then or later, such as 2026-11-01.")] = None,
    until: Annotated[str | None, typer.Option(help="Calls that ended before.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Calls, tokens and USD at the price of the day; of one simulation also its time and its estimate."""
    from services.cli.exits import carry_out
    from services.cli.usage import show_one, show_usage

    if simulation is not None:
        carry_out(show_one(simulation, source_of(url), as_json=as_json))
    carry_out(show_usage(by, (since, until), source_of(url), as_json=as_json))


@app.command(epilog=CODES, short_help="Mark where a simulation stands.")
def checkpoint(
    simulation: SimulationId,
    name: Annotated[str | None, typer.Option(help="What to call it.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Mark where an interactive simulation stands after its last finished step; prints the checkpoint's id."""
    from services.cli.exits import carry_out
    from services.cli.timelines import mark

    carry_out(mark(simulation, name, source_of(url), as_json=as_json))


@app.command(epilog=CODES, short_help="List the checkpoints of a simulation.")
def checkpoints(simulation: SimulationId, url: Url = None, as_json: AsJson = False) -> None:
    """List the checkpoints of a simulation, newest first."""
    from services.cli.exits import carry_out
    from services.cli.timelines import list_marks

    carry_out(list_marks(simulation, source_of(url), as_json=as_json))


@app.command(epilog=CODES, short_help="What lies between two checkpoints.")
def diff(
    simulation: SimulationId,
    before: Annotated[str, typer.Argument(metavar="CHECKPOINT", help="Id of one of its checkpoints.")],
    after: Annotated[str, typer.Argument(metavar="CHECKPOINT", help="Id of another.")],
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Print what has changed from one checkpoint to another: steps, counts, and how much agents remember."""
    from services.cli.exits import carry_out
    from services.cli.timelines import difference

    carry_out(difference(simulation, before, after, source_of(url), as_json=as_json))


@app.command(epilog=CODES, short_help="Go back to a checkpoint.")
def restore(
    simulation: SimulationId,
    checkpoint: Annotated[str, typer.Argument(metavar="CHECKPOINT", help="Id of one of its checkpoints.")],
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Go on from a checkpoint on a new timeline, whose id is printed. What came after it is kept and forgotten."""
    from services.cli.exits import carry_out
    from services.cli.timelines import restore as restore_simulation

    carry_out(restore_simulation(simulation, checkpoint, source_of(url), as_json=as_json))


@app.command(epilog=CODES, short_help="Check this machine and the platform.")
def doctor(
    url: Url = None,
    data: Data = DATA,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="The port `rehearsal up` is to use.")] = 8000,
    as_json: AsJson = False,
) -> None:
    """Check this machine and the platform. Exits with 1 when something needs attention."""
    from services.cli.doctor import examine
    from services.cli.exits import carry_out

    carry_out(examine(url, data, port, as_json=as_json))


@talk.command("start", epilog=CODES, short_help="Make an interactive simulation.")
def start_talk(
    population: Annotated[str | None, typer.Argument(metavar="[POPULATION]", help="Id of a population.")] = None,
    start_from: Annotated[
        str | None, typer.Option("--from", metavar="SIM", help="Its people remember what they lived through there.")
    ] = None,
    checkpoint: Annotated[str | None, typer.Option(help="Only up to this checkpoint of it.")] = None,
    name: Annotated[str, typer.Option(help="Name of the simulation.")] = "talk",
    seed: Annotated[int | None, typer.Option(min=0, max=2**31 - 1, help="Drawn when absent.")] = None,
    model: Annotated[str, typer.Option(help="The model they think with.")] = "offline",
    engine: Annotated[Literal["native", "tinytroupe"], typer.Option(help="What runs their turns.")] = "native",
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Make an interactive simulation of a population, and print its id once people can be spoken to."""
    from services.cli.exits import carry_out
    from services.cli.talk import Panel, start

    if population is None and start_from is None:
        raise typer.BadParameter("is missing, and so is --from", param_hint="POPULATION")
    past = None if start_from is None else {"simulation_id": start_from, "checkpoint_id": checkpoint}
    panel = Panel(population, past, name, seed, model, engine)
    carry_out(start(panel, source_of(url), as_json=as_json))


@talk.command("ask", epilog=CODES, short_help="Ask what a file says, and print what was said.")
def ask(
    simulation: SimulationId,
    file: Annotated[Path, typer.Argument(metavar="FILE.yaml", help="The body of the request, without simulation_id.")],
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Ask what a file says, wait for the end, and print what was said: examples/talk/ has one of each kind.

    A file with `touchpoints` is a sequence, one with a `topic` a conversation, any other one a broadcast.
    """
    from services.cli.exits import carry_out
    from services.cli.talk import ask as ask_simulation

    carry_out(ask_simulation(simulation, file, source_of(url), as_json=as_json))


@talk.command("interview", epilog=CODES, short_help="Speak with one person.")
def interview(
    simulation: SimulationId,
    agent: Annotated[str, typer.Argument(metavar="AGENT", help="Id of an agent, such as agent_0001.")],
    name: Annotated[str, typer.Option(help="Your name, as the agent hears it.")] = "Interviewer",
    url: Url = None,
) -> None:
    """Pass each line of the input to an agent, and print what it thinks, says and does."""
    from services.cli.exits import carry_out
    from services.cli.talk import interview as interview_agent

    carry_out(interview_agent(simulation, agent, name, source_of(url)))


@talk.command("history", epilog=CODES, short_help="Print what was shown, thought, said and answered.")
def history(
    simulation: SimulationId,
    agent: Annotated[str | None, typer.Option(help="Only this agent.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only stimulus, think, talk, answer, …")] = None,
    round_: Annotated[int | None, typer.Option("--round", min=1, help="Only this round.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Print what was shown, thought, said and answered, oldest first; with --json one object a line."""
    from services.cli.exits import carry_out
    from services.cli.talk import show

    filters = {"agent_id": agent, "kind": kind, "round": round_}
    carry_out(show(simulation, filters, source_of(url), as_json=as_json))


@talk.command("end", epilog=CODES, short_help="End an interactive simulation.")
def end_talk(simulation: SimulationId, url: Url = None) -> None:
    """End an interactive simulation, and wait for its analysis."""
    from services.cli.exits import carry_out
    from services.cli.talk import end

    carry_out(end(simulation, source_of(url)))


@artefacts.command("list", epilog=CODES, short_help="List what agents made.")
def list_artefacts(
    simulation: SimulationId,
    agent: Annotated[str | None, typer.Option(help="Only what this agent made.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List what the agents of a simulation made with tools, oldest first."""
    from services.cli.artefacts import list_artefacts
    from services.cli.exits import carry_out

    carry_out(list_artefacts(simulation, agent, source_of(url), as_json=as_json))


@artefacts.command("get", epilog=CODES, short_help="Write one artefact as a file.")
def get_artefact(
    simulation: SimulationId,
    artefact: Annotated[str, typer.Argument(metavar="ARTEFACT", help="Its id, as `list` shows it.")],
    file_format: Annotated[
        Literal["md", "txt", "json", "html", "docx"], typer.Option("--format", help="What kind of file.")
    ] = "md",
    out: Annotated[Path | None, typer.Option(help="The file to write.", show_default="stdout")] = None,
    url: Url = None,
) -> None:
    """Write one artefact as a file."""
    from services.cli.artefacts import get_artefact
    from services.cli.exits import carry_out

    carry_out(get_artefact(simulation, artefact, file_format, out, source_of(url)))


@app.command(short_help="Start the platform and stay.")
def up(
    data: Annotated[Path, typer.Option(help="Where everything is kept.")] = DATA,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port of the page and the API.")] = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    log_level: Annotated[str, typer.Option(envvar="REHEARSAL_LOG_LEVEL", help="Least level to log.")] = "WARNING",
    auth: Annotated[bool, typer.Option("--auth", help="Ask for keys; the first is made in DATA/admin.key.")] = False,
    external: Annotated[
        list[str],
        typer.Option(metavar="NAME[=TENANT]", help="A system of this machine that may publish; again for another."),
    ] = [],  # noqa: B006 - typer copies it
    nats_port: Annotated[int | None, typer.Option(min=1, max=65_535, help="Port of NATS; else any free one.")] = None,
    with_parent: Annotated[bool, typer.Option("--with-parent", hidden=True)] = False,
) -> None:
    """Start the whole platform in this process and stay; Ctrl-C stops it, the same --data goes on where it stopped."""
    import gc

    gc.disable()  # nothing that start-up makes is garbage; the server collects once it is up
    from libs.bus.spreading import SpreadError
    from services.cli.own import end_with_parent, why_not_listen
    from services.embedded.platform import DataDirectoryInUseError
    from services.embedded.platform import run as run_platform

    if with_parent:
        end_with_parent()
    else:
        typer.echo(f"Rehearsal is starting: http://{host}:{port}/  (data in {data}, Ctrl-C stops it)", err=True)
    first_key = access.first_key(data) if auth else None
    if first_key is not None:
        typer.echo(f"The first admin key: export REHEARSAL_KEY=$(cat {data / 'admin.key'})", err=True)
    outsiders = access.outsiders(external)
    for each in outsiders:
        typer.echo(f"{each.name} reaches NATS as {data / 'external' / each.name}.json says", err=True)
    if reason := why_not_listen(host, port):
        typer.echo(f"Cannot listen on {host}:{port}: {reason}. Choose another --port.", err=True)
        raise typer.Exit(1)
    try:
        run_platform(
            data,
            port=port,
            host=host,
            log_level=log_level,
            first_key=first_key,
            nats_port=nats_port,
            outsiders=outsiders,
        )
    except DataDirectoryInUseError as error:
        typer.echo(f"{error}. Use it with --url, or choose another --data.", err=True)
        raise typer.Exit(1) from error
    except SpreadError as error:
        typer.echo(f"{error}.", err=True)
        raise typer.Exit(1) from error
