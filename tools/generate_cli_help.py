"""The help of the `leat` command, as typer writes it; kept ready, since making it takes ten times as long."""

from __future__ import annotations

from typer.testing import CliRunner

from leat_async.cli.app import app
from leat_async.export import KINDS
from leat_async.export.request import RESERVED


def filters() -> str:
    """A line for each list that can be exported: its name on the command line, and the filters it takes."""
    lines: list[str] = []
    for kind in KINDS:
        paging = kind.operation.paging
        decided = {*RESERVED, paging.size if paging is not None else None}
        names = [name for name in kind.operation.query if name not in decided]
        lines.append(f"{kind.name.replace('_', '-')}: {', '.join(names) or 'none'}\n")
    return "".join(lines)


def written() -> str:
    """The help on a terminal of 80 columns."""
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, ["--help"], prog_name="leat").output
