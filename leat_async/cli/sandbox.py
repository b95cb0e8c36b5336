"""`leat sandbox`: a local Leat to try things on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .exits import Exit, Stop


def sandbox(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8765,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    allow_remote: Annotated[bool, typer.Option("--allow-remote", help="Allow a --host that others can reach.")] = False,
    seed: Annotated[
        str | None, typer.Option(help='A number for a run that repeats exactly, or "demo": two years of guests.')
    ] = None,
    state: Annotated[Path | None, typer.Option(help="Keep the account in this file.")] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(help='A fault, such as "apply_then_drop visits.create nth=3"; may be repeated.'),
    ] = None,
    rate_limit: Annotated[
        str, typer.Option(metavar="N/SECONDS", help="Requests that are allowed in so many seconds.")
    ] = "5000/60",
) -> None:
    """Run a local Leat API; nothing on it reaches a customer.

    The two lines on stdout point a client at it: eval "$(leat sandbox)" in a second shell, or copy them.
    """
    from ..sandbox import serve

    requests, _, seconds = rate_limit.partition("/")
    try:
        serve(
            port=port,
            host=host,
            allow_remote=allow_remote,
            seed=seed if seed in (None, "demo") else int(seed),
            state=state,
            faults=fault or (),
            rate_limit=(int(requests), float(seconds or 60)),
        )
    except (ValueError, OSError) as error:
        raise Stop(str(error), Exit.USAGE) from None
