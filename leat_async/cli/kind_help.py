"""The help of `leat export`, with the filters of the list that is asked about, or of all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from typer.core import TyperCommand

# Generated, since the lists themselves take long to import.
_FILTERS = Path(__file__).with_name("filters.txt")


class KindHelp(TyperCommand):
    """Ends its help with filters: `leat export visits --help` tells those of visits."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Note which words there are, in case help is asked for."""
        ctx.meta["leat.words"] = {word.replace("_", "-") for word in args}
        return super().parse_args(ctx, args)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the filters."""
        known = dict(line.split(": ", 1) for line in _FILTERS.read_text(encoding="utf-8").splitlines())
        named = [name for name in known if name in ctx.meta["leat.words"]]
        kinds = named or [name for name, filters in known.items() if filters != "none"]
        with formatter.section("Filters (-f KEY=VALUE)"):
            formatter.write_dl([(name, known[name]) for name in kinds])
