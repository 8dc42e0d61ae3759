"""`autoreclab`: parse arguments, load settings, set up logging, dispatch."""

from __future__ import annotations

import logging
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.commands.log_lines import set_up_logging

app = typer.Typer(
    name="autoreclab",
    help="A recommender-systems researcher: a question in, a checked experiment out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
tasks = typer.Typer(help="Runs on this machine: list, show, stop, improve and the like.")
env = typer.Typer(help="What experiments may import.")
data_commands = typer.Typer(help="What files hold, and the datasets of the shelf.")
app.add_typer(data_commands, name="data", no_args_is_help=True)
app.add_typer(tasks, name="tasks", no_args_is_help=True)
app.add_typer(env, name="env", no_args_is_help=True)


def show_version(is_wanted: bool) -> None:
    """Print the version and end."""
    if is_wanted:
        typer.echo(f"autoreclab {version('autoreclab-slack')}")
        raise typer.Exit


@app.callback()
def autoreclab(
    _: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=show_version, help="Print the version and end."
        ),
    ] = False,
) -> None:
    """Hold the options of the program as a whole; `app` has its help."""


Set = Annotated[
    list[str] | None, typer.Option("--set", help="A setting, as table.key=value; repeatable.")
]
Config = Annotated[
    Path | None, typer.Option("--config", help="Settings file instead of ./config.toml.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, for machines.")]
Data = Annotated[
    list[Path] | None,
    typer.Option("--data", help="A file of the dataset, or a folder of them; repeatable."),
]
Out = Annotated[Path | None, typer.Option("--out", help="Folder for the results.")]
Who = Annotated[
    str, typer.Option("--researcher", help="offline, model, or auto: model when a key is set.")
]
Accept = Annotated[
    bool,
    typer.Option(
        "--accept-unanswered", help="Start also where the main question is not answered."
    ),
]
Record = Annotated[
    Path | None,
    typer.Option("--record", help="Keep the conversations with the model here, without secrets."),
]
RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="Id of a run, or its beginning.")]


@app.command()
def run(
    task: Annotated[str | None, typer.Argument(help="The task; `-` reads it from stdin.")] = None,
    task_file: Annotated[Path | None, typer.Option(help="Read the task from a file.")] = None,
    data: Data = None,
    out: Out = None,
    researcher: Who = "auto",
    seed: Annotated[int, typer.Option(help="Seed of the run's own choices.")] = 0,
    record: Record = None,
    json: Json = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; take the defaults.")] = False,
    accept_unanswered: Accept = False,
    given: Set = None,
    config: Config = None,
) -> None:
    """Answer one research question here, without Slack."""
    from bot.commands.asking import can_ask
    from bot.commands.run import RunOrder, run_task, task_text

    text = task_text(task, task_file)
    asks = can_ask() and not (yes or json)
    order = RunOrder(
        text, tuple(data or ()), out, researcher, seed, json, record, asks, accept_unanswered
    )
    leave(run_task(order, settings_of(config, given)))


@app.command()
def plan(
    task: Annotated[str | None, typer.Argument(help="The task; `-` reads it from stdin.")] = None,
    task_file: Annotated[Path | None, typer.Option(help="Read the task from a file.")] = None,
    data: Data = None,
    researcher: Who = "auto",
    seed: Annotated[int, typer.Option(help="Seed of the run's own choices.")] = 0,
    record: Record = None,
    json: Json = False,
    given: Set = None,
    config: Config = None,
) -> None:
    """Show what a task would come to: design, data, split, questions; nothing is run."""
    from bot.commands.plan import show_plan
    from bot.commands.run import RunOrder, task_text

    text = task_text(task, task_file)
    order = RunOrder(text, tuple(data or ()), None, researcher, seed, json, record)
    leave(show_plan(order, settings_of(config, given)))


@app.command("exec")
def execute(
    script: Annotated[Path, typer.Argument(help="A Python script.", exists=True, dir_okay=False)],
    data: Data = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds it may run.")] = None,
    out: Out = None,
    json: Json = False,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="End with 0 whatever the script ends with.")
    ] = False,
    given: Set = None,
    config: Config = None,
) -> None:
    """Run one script in the sandbox, end with its status; its files go to --out."""
    from bot.commands.execute import ScriptOrder, execute_script

    wanted = ScriptOrder(script, tuple(data or ()), timeout, out, json, keep_going)
    leave(execute_script(wanted, settings_of(config, given)))


@app.command()
def demo(
    exit_when_done: Annotated[bool, typer.Option(help="End after the report.")] = False,
    no_browser: Annotated[bool, typer.Option(help="Open no browser.")] = False,
    data: Data = None,
    researcher: Who = "offline",
    port: Annotated[int, typer.Option(help="Port of the page; 0: a free one.")] = 0,
    given: Set = None,
    config: Config = None,
) -> None:
    """Show the whole product on this machine: local workspace, bot, a question, its report."""
    from bot.commands.demo import DemoOrder, run_demo

    wanted = DemoOrder(exit_when_done, not no_browser, tuple(data or ()), researcher, port)
    leave(run_demo(wanted, settings_of(config, given, logging.WARNING)))


@app.command()
def workspace(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0: a free one.")] = 8010,
) -> None:
    """Open the local workspace: Slack's protocols and a web page on loopback."""
    from bot.commands.service import open_local

    set_up_logging(logging.WARNING)
    leave(open_local(port))


@app.command()
def serve(
    researcher: Who = "auto",
    record: Record = None,
    given: Set = None,
    config: Config = None,
) -> None:
    """Connect to Slack, or to the local workspace that SLACK_API_URL names, and work."""
    from bot.commands.service import serve_bot

    leave(serve_bot(researcher, settings_of(config, given, logging.WARNING), record))


@app.command()
def manifest() -> None:
    """Print the manifest to create the Slack app from."""
    from bot.commands.service import print_manifest

    leave(print_manifest())


@app.command()
def doctor(json: Json = False, given: Set = None, config: Config = None) -> None:
    """Check this installation and say the remedy for what is missing."""
    from bot.commands.doctor import examine

    leave(examine(settings_of(config, given), as_json=json))


@data_commands.command("show")
def data_show(
    files: Annotated[list[str], typer.Argument(help="Files, folders, or a name of the shelf.")],
    task: Annotated[str, typer.Option(help="What is to be said of the files.")] = "",
    json: Json = False,
    given: Set = None,
    config: Config = None,
) -> None:
    """Show how files are read: columns, counts, days, what is left out, what is guessed."""
    from bot.commands.data import show_data

    leave(show_data(settings_of(config, given), files, task, as_json=json))


@data_commands.command("list")
def data_list(json: Json = False, given: Set = None, config: Config = None) -> None:
    """List the datasets of the shelf, which tasks take by name."""
    from bot.commands.data import list_data

    leave(list_data(settings_of(config, given), as_json=json))


@data_commands.command("add")
def data_add(
    name: Annotated[str, typer.Argument(help="What tasks will call it.")],
    files: Annotated[list[Path], typer.Argument(help="Its files, or a folder of them.")],
    licence: Annotated[str, typer.Option(help="Under which licence it may be used.")] = "",
    task: Annotated[str, typer.Option(help="What is to be said of the files.")] = "",
    given: Set = None,
    config: Config = None,
) -> None:
    """Read files and put them on the shelf under a name."""
    from bot.commands.data import Addition, add_data

    wanted = Addition(name, tuple(files), licence, task)
    leave(add_data(settings_of(config, given), wanted))


@tasks.command("list")
def tasks_list(json: Json = False, given: Set = None, config: Config = None) -> None:
    """List all runs."""
    from bot.commands.tasks import list_runs

    leave(list_runs(settings_of(config, given), as_json=json))


@tasks.command("show")
def tasks_show(
    run_id: RunArgument,
    json: Json = False,
    calls: Annotated[bool, typer.Option(help="List the model calls too.")] = False,
    given: Set = None,
    config: Config = None,
) -> None:
    """Show one run: plan, scripts, checks, report."""
    from bot.commands.tasks import show_run

    leave(show_run(settings_of(config, given), run_id, as_json=json, calls=calls))


@tasks.command("stop")
def tasks_stop(run_id: RunArgument, given: Set = None, config: Config = None) -> None:
    """Stop a run, also one that another process drives."""
    from bot.commands.tasks import stop_run

    leave(stop_run(settings_of(config, given), run_id))


@tasks.command("resume")
def tasks_resume(
    run_id: RunArgument,
    out: Out = None,
    researcher: Who = "auto",
    json: Json = False,
    accept_unanswered: Accept = False,
    given: Set = None,
    config: Config = None,
) -> None:
    """Go on with a run that was interrupted or failed."""
    from bot.commands.run import RunOrder, resume_task

    order = RunOrder("", (), out, researcher, 0, json, accepts_unanswered=accept_unanswered)
    leave(resume_task(run_id, order, settings_of(config, given)))


@tasks.command("improve")
def tasks_improve(
    run_id: RunArgument,
    wish: Annotated[
        str, typer.Argument(help="What should be better; without it, what is still open.")
    ] = "",
    out: Out = None,
    researcher: Who = "auto",
    json: Json = False,
    given: Set = None,
    config: Config = None,
) -> None:
    """Open a further round of a run that has ended, from its scripts; marked exploratory."""
    from bot.commands.run import RunOrder, improve_task

    order = RunOrder(wish, (), out, researcher, 0, json)
    leave(improve_task(run_id, order, settings_of(config, given)))


@tasks.command("export")
def tasks_export(
    run_id: RunArgument, out: Out = None, given: Set = None, config: Config = None
) -> None:
    """Copy a run's report, results and zip to a folder."""
    from bot.commands.tasks import export_run

    leave(export_run(settings_of(config, given), run_id, out))


@tasks.command("forget")
def tasks_forget(run_id: RunArgument, given: Set = None, config: Config = None) -> None:
    """Delete a run: log, scripts, results and its copy of the data."""
    from bot.commands.tasks import forget_run

    leave(forget_run(settings_of(config, given), run_id))


@app.command("backup")
def backup(
    file: Annotated[Path, typer.Argument(help="The archive to write, for example lab.tar.gz.")],
    given: Set = None,
    config: Config = None,
) -> None:
    """Write the data folder into one file; also while the service works."""
    from bot.commands.backup import write_backup

    leave(write_backup(settings_of(config, given), file))


@app.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `backup` wrote.")],
    given: Set = None,
    config: Config = None,
) -> None:
    """Make the data folder anew from a backup; it must be empty or new."""
    from bot.commands.backup import restore_backup

    leave(restore_backup(settings_of(config, given), file))


@env.command("list")
def env_list(json: Json = False, given: Set = None, config: Config = None) -> None:
    """List the packages that experiments may import, with versions."""
    from bot.commands.doctor import list_packages

    leave(list_packages(settings_of(config, given), as_json=json))


@env.command("add")
def env_add(
    packages: Annotated[
        list[str], typer.Argument(metavar="PACKAGE...", help="As for pip: name, or name==1.2.")
    ],
    given: Set = None,
    config: Config = None,
) -> None:
    """Install packages for experiments; none that is there already changes."""
    from bot.commands.environment import add_to_environment

    leave(add_to_environment(settings_of(config, given), packages))


@env.command("rebuild")
def env_rebuild(
    lock: Annotated[
        Path, typer.Argument(help="Lines name==version, as environment.txt of a zip.")
    ],
    given: Set = None,
    config: Config = None,
) -> None:
    """Make the environment of experiments anew from a lock, exactly."""
    from bot.commands.environment import rebuild_environment

    leave(rebuild_environment(settings_of(config, given), lock))


def settings_of(config: Path | None, given: list[str] | None, level: int = logging.ERROR) -> Any:
    """Load the settings; a fault in them is a usage error.

    Parameters
    ----------
    config, given
        File and single settings of the command line.
    level
        From which on the log is shown: what answers a person shows faults of the product alone.
    """
    from bot.settings import SettingsError, load_settings

    set_up_logging(level)
    try:
        return load_settings(config, given or ())
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


def leave(code: int) -> None:
    """End the process with an exit status."""
    raise typer.Exit(code)


def main() -> None:
    """Run the command line."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
