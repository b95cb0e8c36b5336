"""`leat webhooks`: see deliveries, try a receiver, deliver again."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from . import loop
from .exits import Exit, Stop, exit_of

PORT = 8766
SECRET = "LEAT_WEBHOOK_SECRET"  # noqa: S105 - the name of a variable

app: typer.Typer = typer.Typer(help="See webhook deliveries, try a receiver, deliver again.", no_args_is_help=True)

_Secret = Annotated[
    str | None,
    typer.Option(
        "--secret", metavar="TEXT", envvar=SECRET,
        help="What deliveries are signed with. Others on this machine can read a command line: set the variable.",
    ),
]  # fmt: skip


@app.command()
def listen(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of this machine; 0 takes a free one.")] = PORT,
    forward: Annotated[
        str | None, typer.Option(metavar="URL", help="Pass each delivery on, and answer as this receiver does.")
    ] = None,
    print_: Annotated[
        Literal["text", "json"], typer.Option("--print", help="A line for each; json can be replayed.")
    ] = "text",
    event: Annotated[
        list[str] | None, typer.Option(metavar="EVENT", help="To subscribe to; may be repeated. Left out: all known.")
    ] = None,
    subscribe: Annotated[
        bool, typer.Option("--subscribe", help="Subscribe in your account; in a sandbox it does so anyway.")
    ] = False,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="Where Leat reaches this port: the address of your tunnel.")
    ] = None,
    remove: Annotated[
        bool, typer.Option("--remove", help="At the end, remove the subscriptions that it made.")
    ] = False,
    secret: _Secret = None,
) -> None:
    """Print the deliveries that come to a port of this machine, until Ctrl-C.

    Exit codes: 0 ended; 2 usage; 3 authentication; 4 the account is out of reach, or the port in use.
    """
    from ..errors import LeatError
    from .webhook_listening import ListenOptions, run

    options = ListenOptions(
        port=port, forward=forward, json=print_ == "json", events=event or [], subscribe=subscribe, url=url,
        remove=remove, secret=secret,
    )  # fmt: skip
    try:
        loop.run(run, options)
    except KeyboardInterrupt:
        raise Stop("ended", Exit.DONE) from None
    except (LeatError, ValueError, TypeError) as error:
        raise Stop(str(error), exit_of(error)) from None


@app.command()
def send(
    event: Annotated[str, typer.Argument(metavar="EVENT", help="For instance voucher_redeemed.")],
    to: Annotated[str, typer.Option(metavar="URL", help="The receiver.")],
    data: Annotated[
        str | None, typer.Option(metavar="JSON", help="What the event says; left out: an example of a demo account.")
    ] = None,
    secret: _Secret = None,
) -> None:
    """Deliver an event to a receiver, signed, and print the answer as JSON.

    The same event twice is handled once; other --data makes another one.

    Exit codes: 0 answered with 2xx; 1 with something else; 2 usage; 4 not answered.
    """
    from .webhook_sending import delivery, send_all

    if not secret:
        raise Stop(f"no secret: set {SECRET} to what the receiver verifies with")
    try:
        code = loop.run(send_all, to, [(delivery(event, data), None)], secret)
    except (ValueError, TypeError) as error:
        raise Stop(str(error)) from None
    raise typer.Exit(code)


@app.command()
def replay(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="An outbox (a SQLite file, postgresql://…), or what `listen --print json` wrote; - is stdin.",
        ),
    ],
    to: Annotated[str | None, typer.Option(metavar="URL", help="Of a journal: the receiver to deliver to.")] = None,
    key: Annotated[str | None, typer.Option(metavar="KEY", help="Of an outbox: only this event.")] = None,
    list_: Annotated[
        bool, typer.Option("--list", help="Of an outbox: print the dead letters, and change nothing.")
    ] = False,
    name: Annotated[str, typer.Option(metavar="NAME", help="Of PostgreSQL: the store's name.")] = "leat",
    secret: _Secret = None,
) -> None:
    """Have events handled again: those an outbox has given up on, by its worker; those of a journal, by a receiver.

    An event that a receiver has handled is not handled again: it answers that it knows it.

    Exit codes: 0 done; 1 a receiver answered with something else than 2xx; 2 usage; 4 not answered, or out of reach.
    """
    from ..webhooks import SeenStoreError
    from .webhook_sending import is_store, journal, revive, send_all

    try:
        if is_store(source):
            if to is not None:
                raise Stop("--to goes with a journal; the events of an outbox go back into it, for its worker")
            revive(source, name, key, list_)
            return
        if key is not None or list_:
            raise Stop("--key and --list go with an outbox")
        if to is None:
            raise Stop("--to is needed: the receiver to which the deliveries of a journal go")
        code = loop.run(send_all, to, journal(source), secret)
    except SeenStoreError as error:
        raise Stop(str(error), Exit.TRY_AGAIN) from None
    except (ValueError, TypeError) as error:
        raise Stop(str(error)) from None
    raise typer.Exit(code)
