"""Delivering from the command line: an event, a journal; and taking dead letters back."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from ..webhooks import PostgresStore, SqliteStore, sign
from ..webhooks.listening import recorded
from ..webhooks.posting import Poster
from ..webhooks.stores.sqlite import holds_store
from ..webhooks.stores.urls import shown
from .exits import Exit, Stop
from .streams import data_in, data_out

Delivery = tuple[bytes, str | None]
_SQLITE = b"SQLite format 3\0"


def delivery(event: str, data: str | None) -> bytes:
    """The body of an event; without data, as a sandbox's demo account would have it."""
    if data is None:
        from ..sandbox import Sandbox

        return Sandbox(seed="demo").deliveries.body(event)
    from ..sandbox.events import body

    try:
        found: Any = msgspec.json.decode(data)
    except (ValueError, RecursionError) as error:
        raise Stop(f"--data must be a JSON object: {error}") from None
    if not isinstance(found, dict):
        raise Stop(f"--data must be a JSON object, got {data[:50]!r}")
    return body(event, found)


async def send_all(to: str, deliveries: Iterable[Delivery], secret: str | None) -> Exit:
    """Deliver one after the other, and print each answer as a line of JSON."""
    codes = {Exit.DONE}
    became: Counter[str] = Counter()
    async with Poster(to) as poster:
        for body, signature in deliveries:
            if signature is None:
                if not secret:
                    raise Stop(
                        "a delivery has no signature: set LEAT_WEBHOOK_SECRET to what the receiver verifies with"
                    )
                signature = sign(body, secret)
            posted = await poster.post(body, signature)
            _print({"status": posted.status, "answer": _answer(posted.text)})
            if posted.is_taken:
                became["taken"] += 1
            elif posted.status is None:
                became["not answered"] += 1
                codes.add(Exit.TRY_AGAIN)
            else:
                became[f"refused with {posted.status}"] += 1
                codes.add(Exit.REJECTED)
    told = ", ".join(f"{count} {what}" for what, count in became.items())
    print(f"{shown(to)}: {told or 'nothing to deliver'}", file=sys.stderr)
    return Exit.TRY_AGAIN if Exit.TRY_AGAIN in codes else max(codes)


def journal(source: str) -> Iterator[Delivery]:
    """The deliveries of a journal's lines."""
    with ExitStack() as stack:
        lines = data_in() if source == "-" else stack.enter_context(open(source, "rb"))
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                yield recorded(msgspec.json.decode(line))
            except (ValueError, RecursionError) as error:
                raise Stop(f"{source}, line {number}: {error}") from None


def is_store(source: str) -> bool:
    """Whether it is an outbox; what is neither that nor a file ends the command."""
    if source == "-":
        return False
    if "://" in source:
        if not source.startswith(("postgresql://", "postgres://")):
            raise Stop("SOURCE is a file, postgresql://… or -; only SQLite and PostgreSQL hold an outbox")
        return True
    path = Path(source)
    if not path.is_file():
        raise Stop(f"there is no file {source}")
    with path.open("rb") as file:
        if file.read(len(_SQLITE)) != _SQLITE:
            return False
    if not holds_store(path):
        raise Stop(f"{source} is a database that holds no outbox")
    return True


def revive(source: str, name: str, key: str | None, only_list: bool) -> None:
    """Print the dead letters, and take them back into the outbox unless they are only to be listed."""
    store = PostgresStore(source, name=name) if "://" in source else SqliteStore(source)
    try:
        letters = [letter for letter in store.dead() if key in (None, letter.key)]
        for letter in letters:
            body = letter.body.decode("utf-8", "replace")
            _print({"key": letter.key, "attempts": letter.attempts, "error": letter.error, "body": body})
        if key is not None and not letters:
            raise Stop(f"{key} is not on the dead-letter list")
        if not only_list:
            count = store.revive(key)
            print(f"{count} back in the outbox; its worker calls the handler again", file=sys.stderr)
    finally:
        store.close()


def _answer(text: str) -> Any:
    """JSON as JSON, another text as it is."""
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return text


def _print(line: Any) -> None:
    data_out().write(msgspec.json.encode(line) + b"\n")
