"""`leat sandbox`: a local Leat to try things on."""

from __future__ import annotations

import typer
from typer.core import TyperCommand


class WholeCommandLine(TyperCommand):
    """Leaves its arguments, `--help` included, to the sandbox's own parser, which declares them once."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]  # its own Context
        """Take everything as it is."""
        ctx.args = list(args)
        return []


def sandbox(ctx: typer.Context) -> None:
    """Run a local Leat API; nothing on it reaches a customer."""
    from ..sandbox.cli import run

    raise typer.Exit(run(ctx.args, "leat sandbox"))
