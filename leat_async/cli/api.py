"""`leat api METHOD PATH`: any request, for what has no command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from . import loop
from .exits import Exit, Stop, exit_of
from .streams import data_in, data_out

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def api(
    method: Annotated[str, typer.Argument(metavar="METHOD", help="GET, POST, PUT, PATCH or DELETE.")],
    path: Annotated[str, typer.Argument(metavar="PATH", help="Below the API's root, such as /visits.")],
    field: Annotated[
        list[str] | None,
        typer.Option("-f", "--field", metavar="KEY=VALUE", help="A parameter: query of GET, body of the rest."),
    ] = None,
    json: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Body, from a JSON file; - reads stdin.")
    ] = None,
    paginate: Annotated[
        bool, typer.Option("--paginate", help="Fetch every page of a list; one row a line (JSON Lines).")
    ] = False,
) -> None:
    """Send one request with your token and print the data of the answer as JSON.

    Exit codes: 0 answered; 1 refused; 2 usage; 3 authentication; 4 not reached, try again; 5 sent, outcome unknown.
    """
    if method.upper() not in _METHODS:
        raise Stop(f"METHOD is one of {', '.join(_METHODS)}, got {method!r}")
    if paginate and method.upper() != "GET":
        raise Stop("--paginate goes with GET")
    if method.upper() == "GET" and json is not None:
        raise Stop("GET has no body; give its query with -f KEY=VALUE")
    fields = _fields(field or ())
    query: dict[str, str] | None = None
    body: Any = None
    if json is not None:
        query, body = fields or None, _body(json)
    elif method.upper() == "GET":
        query = fields or None
    else:
        body = fields or None
    from ..errors import LeatError

    try:
        loop.run(_send, method.upper(), path, query, body, paginate)
    except KeyboardInterrupt:
        raise Stop("interrupted", Exit.INTERRUPTED) from None
    except (LeatError, ValueError, TypeError) as error:
        raise Stop(str(error), exit_of(error)) from None


def _fields(texts: list[str] | tuple[()]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for text in texts:
        key, sign, value = text.partition("=")
        if not sign or not key:
            raise Stop(f"-f takes KEY=VALUE, got {text!r}")
        fields[key] = value
    return fields


def _body(name: str) -> Any:
    import msgspec

    try:
        data = data_in().read() if name == "-" else Path(name).read_bytes()
        return msgspec.json.decode(data)
    except OSError as error:
        raise Stop(f"--json {name}: {error.strerror}") from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise Stop(f"--json {name}: {error}") from None


async def _send(method: str, path: str, query: dict[str, str] | None, body: Any, paginate: bool) -> None:
    from .account import client_from_env

    async with client_from_env() as leat:
        if paginate:
            await _every_page(leat, path, query or {})
            return
        answer = await leat.request(method, path, params=query, json=body)
        _print(answer.data, indent=2 if sys.stdout.isatty() else 0)


async def _every_page(leat: Any, path: str, query: dict[str, str]) -> None:
    from .._core.answers import Listing
    from ..pagination import Pager

    async def fetch(page: int | None, size: int | None) -> Listing[Any]:
        asked = query if page is None else {**query, "page": str(page)}
        answer = await leat.request("GET", path, params=asked or None)
        if type(answer.data).__name__ != "list":
            raise Stop(f"{path} answers no list; leave --paginate out")
        return Listing(answer.data, answer.meta, answer.attempts)

    start = query.get("page")
    if start is not None and not start.isdigit():
        raise Stop(f"page must be a whole number, got {start!r}")
    async for page in Pager(fetch, start=int(start) if start else None).pages():
        for row in page.items:
            _print(row)


def _print(data: Any, indent: int = 0) -> None:
    import msgspec

    text = msgspec.json.encode(data)
    # As bytes: JSON is UTF-8, whatever the terminal's encoding is.
    data_out().write((msgspec.json.format(text, indent=indent) if indent else text) + b"\n")
