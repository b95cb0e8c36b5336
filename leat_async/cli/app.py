"""The commands, and how they end."""

from __future__ import annotations

import functools
import sqlite3
import sys
import traceback
from typing import Annotated, Any

import typer
import typer.main

from .. import __version__
from . import api, examples, export, fleet, imports, ledger_commands, pace, report, sandbox, webhooks
from .exits import Exit, Stop, worded
from .kind_help import KindHelp
from .refused_values import NamesValues
from .streams import ReaderLeft, let_go

app: typer.Typer = typer.Typer(
    name="leat",
    cls=NamesValues,
    help="Leat (formerly Piggy) from the command line. The token comes from LEAT_ACCESS_TOKEN.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _command in ledger_commands.COMMANDS:
    imports.app.command()(_command)
app.add_typer(imports.app, name="import")
app.command("export", cls=KindHelp)(export.export)
app.command("report")(report.report)
app.command("sandbox", cls=sandbox.WholeCommandLine)(sandbox.sandbox)
app.add_typer(webhooks.app, name="webhooks")
app.command("api")(api.api)
app.command("pace")(pace.pace)
app.command("examples")(examples.examples)
app.add_typer(fleet.app, name="fleet")


def _version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def _leat(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


@functools.cache
def command() -> Any:
    """All commands as one: to build it takes longer than most of what a short command does."""
    return typer.main.get_command(app)


def run() -> int:
    """Run the command that was given; returns the exit code."""
    try:
        command()(prog_name="leat")
    except Stop as stop:
        print(f"leat: {stop}", file=sys.stderr)
        return stop.code
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else Exit.DONE
    except ReaderLeft:
        let_go(1)
        return Exit.DONE
    # A disk that is full, or broken, or gone: of the many files that a command writes, any one.
    except OSError as error:
        print(f"leat: {worded(error)}", file=sys.stderr)
        return Exit.TRY_AGAIN
    except sqlite3.Error as error:
        print(f"leat: {error}", file=sys.stderr)
        return Exit.TRY_AGAIN
    except Exception:
        # A fault of ours must not end with Python's 1, which says that rows were rejected.
        traceback.print_exc()
        return Exit.BROKEN
    return Exit.DONE
