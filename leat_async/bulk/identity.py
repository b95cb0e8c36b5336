"""What makes a row the same row: digests that are the same in every file, order and run.

The formula is a promise: change it, and rows that were imported before look new.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from .._core.codec import encode
from .._core.digests import digest, raw_digest
from .._core.kept_text import kept_text
from .._core.params import Instant, Json, Param, show
from .._core.unset import UNSET

_ANYTHING = Json()


def other_data(identifier: str) -> str:
    """What is said of a row whose identifier, a parameter of this name, came before with other data."""
    return f"an earlier row has the same {identifier} and other data"


def no_moment(identifier: str) -> str:
    """What is said of a row that nothing identifies."""
    return (
        f"this row has neither an {identifier} nor a moment, so it can't be told from an equal one of another day: "
        "give it one of them, or name the batch that it belongs to with batch=…, another name for each"
    )


def canonical(params: Mapping[str, Param], row: Mapping[str, Any]) -> bytes:
    """A row's content as bytes: keys sorted, what is not sent left out, moments in UTC however they were written."""
    content: dict[str, Any] = {}
    for name, value in sorted(row.items()):
        if type(params.get(name)) is Instant and value:
            content[name] = in_utc(value)
        elif type(value) is str:
            content[name] = value
        elif value is not UNSET and value is not None:
            content[name] = _ANYTHING.wire(name, value)
    return encode(content)


def is_usual(moment: str) -> bool:
    """Whether a moment, if it is one, is written as a content has it."""
    return moment[19:] == "+00:00" and moment[4:19:3] == "--T::"


def in_utc(value: str | dt.datetime) -> str:
    """A moment as a content has it."""
    if type(value) is str and is_usual(value):
        return value
    moment = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value)
    try:
        moment = moment.astimezone(dt.UTC)
    except OverflowError:
        raise ValueError(f"{value} is out of range: in UTC it is no date") from None
    # As isoformat writes it, at a quarter of the price.
    return str(encode(moment)[1:-2], "ascii") + "+00:00"


def normalised(address: object) -> str:
    """An address as the API stores it: trimmed, in lower case."""
    if not isinstance(address, str):
        raise TypeError(f"an e-mail address must be text, got {show(address)}")
    text = (kept_text(address) or "").lower()
    name, at, host = text.rpartition("@")
    if not (name and at and host) or any(c.isspace() for c in text):
        raise ValueError(f"{show(address)} is no e-mail address; correct it, or leave it out and give contact_uuid")
    return text


def identified(kind: str, identifier: str) -> bytes:
    """The identity of a row of this kind with an identifier: an `external_id`, or the address of a contact."""
    text = kept_text(identifier)
    if text is None:
        raise ValueError("an identifier is needed, and an empty text is none")
    if kind == "contacts":
        return raw_digest(kind, "email", normalised(text))
    return raw_digest(kind, "external_id", text)


def key_of(identity: bytes, occurrence: int) -> bytes:
    """The row key of one of several equal rows: which of them it is, counted from 0, behind their identity."""
    return identity + occurrence.to_bytes(4) if occurrence else identity


def generated_id(account: str, kind: str, content: bytes, occurrence: int) -> str:
    """The `external_id` of a row that has none: made of the account, the kind, the content, and which of several
    equal rows it is."""
    made = digest("external_id", account, kind, content, str(occurrence))
    return str(uuid.UUID(hex=made, version=5))
