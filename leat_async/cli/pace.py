"""`leat pace`: who shares the pace of a token, and how it is used."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from . import loop
from .exits import Exit, Stop
from .streams import data_out

if TYPE_CHECKING:
    from .._core.pace.lease import PaceStatus
    from ..config import RateLimit


def pace(
    json: Annotated[bool, typer.Option("--json", help="One JSON object a token (JSON Lines).")] = False,
) -> None:
    """Show the pace that processes share: who, how fast, how many calls wait, the last 429.

    It is kept where LEAT_SHARED_PACE says, else in a file of this machine. Tokens are named by a digest.

    Exit codes: 0 shown; 2 usage; 4 the store can't be reached, try again.
    """
    from .._core.pace.lease import StoreError
    from ..errors import ConfigError

    try:
        found, own = loop.run(_status)
    except ConfigError as error:
        raise Stop(str(error)) from None
    except StoreError as error:
        raise Stop(str(error), Exit.TRY_AGAIN) from None
    if json:
        import msgspec

        for one in found:
            data_out().write(msgspec.json.encode(one) + b"\n")
    else:
        _show(found, own)


def shared_limit(requests: int) -> RateLimit:
    """A rate limit whose pace all commands of this machine share, unless `LEAT_SHARED_PACE` says where."""
    from ..config import MACHINE, RateLimit

    return RateLimit(requests, shared=None if os.environ.get("LEAT_SHARED_PACE") else MACHINE)


async def _status() -> tuple[list[PaceStatus], str | None]:
    from .._core.clock import Clock
    from .._core.pace.stores import key_of, open_store
    from ..config import from_env, with_shared_pace
    from ..errors import ConfigError

    limit = with_shared_pace(shared_limit(1))
    store = open_store(limit.shared, Clock())
    try:
        found = await store.status()
    finally:
        await store.aclose()
    try:
        return found, key_of(from_env()["token"])
    except ConfigError:
        return found, None  # without a token there is no line of one's own


def _show(found: list[PaceStatus], own: str | None) -> None:
    from rich.table import Table

    from .console import Terminal

    if not found:
        print("nobody has shared a pace here yet", file=sys.stderr)
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("token")
    for name in ("processes", "a minute", "waiting", "last 429"):
        table.add_column(name, justify="right")
    for one in found:
        refused = "never" if one.refused is None else f"{one.refused:,.0f} s ago"
        if one.paused:
            refused += f", held back {one.paused:,.0f} s more"
        name = one.token[:8] + (" (yours)" if one.token == own else "")
        table.add_row(name, str(one.members), f"{one.rate:,.0f}", str(one.waiting), refused)
    Terminal().print(table)
