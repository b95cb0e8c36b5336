"""The commands, and how they end."""

from __future__ import annotations

import sys
import traceback
from typing import Annotated, Any

import typer

from .. import __version__
from . import api, export, imports, sandbox
from .exits import Exit, Stop

app = typer.Typer(
    name="leat",
    help="Leat (formerly Piggy) from the command line. The token comes from LEAT_ACCESS_TOKEN.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(imports.app, name="import")
app.command("export")(export.export)
app.command("sandbox")(sandbox.sandbox)
app.command("api")(api.api)


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


def run() -> int:
    """Run the command that was given; returns the exit code."""
    out: Any = sys.stdout
    if hasattr(out, "reconfigure"):
        # A name that the terminal's encoding lacks must not end an import.
        out.reconfigure(errors="backslashreplace")
    try:
        app(prog_name="leat")
    except Stop as stop:
        print(f"leat: {stop}", file=sys.stderr)
        return stop.code
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else Exit.DONE
    except Exception:
        # A fault of ours must not end with Python's 1, which says that rows were rejected.
        traceback.print_exc()
        return Exit.BROKEN
    return Exit.DONE
