"""Sending recorded requests through a fresh sandbox, to see where its answers differ from the recorded ones."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, cast

import attrs

from .har import Recorded
from .journal import MASK
from .sandbox import Sandbox

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_INSIDE = r"\"\s*:\s*\{\s*\"uuid\"\s*:\s*\""
_CONTACT = re.compile(rf"(?:contact_uuid\W+|/contacts/|\"contact{_INSIDE})({_UUID.pattern})")
_SHOP = re.compile(rf"(?:(?:shop|business_profile)_uuid\W+|/shops/|\"business_profile{_INSIDE})({_UUID.pattern})")
# Objects whose keys are names that each account gives.
_OPEN = ("current_values", "current_display_values", "attributes", "options", "custom_attributes", "errors")
_API = re.compile(r"/(api/v\d+|oauth)(/|\?|$)")


@attrs.frozen
class Difference:
    """What differs between a recorded answer and the sandbox's."""

    number: int  # of the request in the recording, from 1
    operation: str
    text: str


@attrs.define
class Comparison:
    """What came of a replay."""

    compared: int = 0
    skipped: int = 0
    differences: list[Difference] = attrs.field(factory=list[Difference])


def replay(recorded: Iterable[Recorded], *, seed: int | Literal["demo"] | None = None) -> Comparison:
    """Send each request of the API at its own moment, with uuids of the sandbox in place of the recorded ones.

    A contact or shop that the recording names without having made it stands for one that is made here.
    """
    found = Comparison()
    sandbox: Sandbox | None = None
    uuids: dict[str, str] = {}
    for number, one in enumerate(recorded, 1):
        if not _API.match(one.target) or one.status is None:
            found.skipped += 1
            continue
        if sandbox is None:
            sandbox = Sandbox(seed=seed, start=datetime.fromtimestamp(one.at, UTC), rate_limit=(10**9, 60.0))
        sandbox.clock.advance(max(0.0, min(one.at - sandbox.clock.now(), 1e9)))
        operation, status, body = _send(sandbox, one, uuids)
        found.compared += 1
        found.differences += [Difference(number, operation, text) for text in _compare(one, status, body, uuids)]
    return found


def _send(sandbox: Sandbox, one: Recorded, uuids: dict[str, str]) -> tuple[str, int, bytes]:
    sent = f"{one.target} {one.body}"
    for uuid in _CONTACT.findall(sent):
        if uuid not in uuids:
            uuids[uuid] = sandbox.create_contact()["uuid"]
    for uuid in _SHOP.findall(sent):
        if uuid not in uuids:
            uuids[uuid] = sandbox.shops[len(uuids) % len(sandbox.shops)]["uuid"]

    def ours(text: str) -> str:
        return _UUID.sub(lambda match: uuids.get(match[0], match[0]), text)

    token = sandbox.register_token if "/register" in one.target else sandbox.token
    engine = sandbox._engine  # pyright: ignore[reportPrivateUsage] - a server between would only cost time
    received = engine.receive(
        one.method, ours(one.target), f"Bearer {token}", one.content_type, ours(one.body).encode()
    )
    reply = engine.serve(received)
    return received.entry.operation or one.target.partition("?")[0], reply.status, reply.body


def _compare(one: Recorded, status: int, body: bytes, uuids: dict[str, str]) -> Iterator[str]:
    ours = _json(body.decode("utf-8", "replace"))
    if status != one.status:
        said = cast(Mapping[str, Any], ours).get("message") if isinstance(ours, dict) else None
        yield f"status {one.status} recorded, {status} here{f': {said}' if said else ''}"
        return
    theirs = _json(one.answer)
    if theirs is None or ours is None:  # cut off in the recording, or no JSON
        return
    yield from _differences(theirs, ours, "$", uuids)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _differences(theirs: Any, ours: Any, path: str, uuids: dict[str, str]) -> Iterator[str]:
    if isinstance(theirs, str) and isinstance(ours, str) and _UUID.fullmatch(theirs):
        uuids.setdefault(theirs, ours)
    if theirs is None or ours is None or MASK in (theirs, ours):
        return
    if theirs in ([], {}) or ours in ([], {}):
        if _kind(theirs) not in ("object", "list") or _kind(ours) not in ("object", "list"):
            yield f"{path}: {_kind(theirs)} recorded, {_kind(ours)} here"
    elif _kind(theirs) != _kind(ours):
        yield f"{path}: {_kind(theirs)} recorded, {_kind(ours)} here"
    elif isinstance(theirs, dict):
        left, right = cast(Mapping[str, Any], theirs), cast(Mapping[str, Any], ours)
        if not path.endswith(_OPEN):
            for name in sorted(left.keys() ^ right.keys()):
                yield f"{path}.{name}: {'missing here' if name in left else 'only here'}"
        for name in sorted(left.keys() & right.keys()):
            yield from _differences(left[name], right[name], f"{path}.{name}", uuids)
    elif isinstance(theirs, list):
        # The rows of one list are alike, so the first of each tells their shape; the others tell who is who.
        for index, (left, right) in enumerate(zip(cast(Any, theirs), cast(Any, ours), strict=False)):
            told = _differences(left, right, f"{path}[]", uuids)
            if index == 0:
                yield from told
            else:
                for _ in told:
                    pass


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list):
        return "list"
    return "object" if isinstance(value, dict) else "null"
