"""What an answer says: an object, a list with its page information, or an error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import NoneType
from typing import Any, Generic, TypeVar, cast

import attrs
from multidict import CIMultiDict

from ..config import Secret
from ..errors import ApiError, Attempt, DecodeError, class_for
from . import verdict
from .codec import compiled, parse, parse_list, structure
from .lane import items_decoder_of
from .operation import Effect, Operation
from .params import is_array, is_object
from .transport import Answer

T = TypeVar("T")
_LEAST_SECRET = 8
# Characters of a body that an error keeps.
_MOST_BODY = 4096
_SECRET = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})


@attrs.frozen
class Listing(Generic[T]):
    """The items of one list answer, and its `meta` as sent."""

    items: list[T]
    meta: Any
    attempts: tuple[Attempt, ...]


@attrs.frozen(kw_only=True)
class RawResponse:
    """An answer as `LeatClient.request` gives it: `data` and `meta` are decoded JSON, of no model."""

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False)
    # There is no telling which of it is secret, such as the links by which contacts log in.
    data: Any = attrs.field(repr=False)
    meta: Any = attrs.field(repr=False)
    attempts: tuple[Attempt, ...]


def read(operation: Operation[T], answer: Answer, attempts: tuple[Attempt, ...] = ()) -> T | None:
    """The object in an answer."""
    kind: Any = operation.result
    if not (operation.nullable or operation.unwrapped):
        found: T | None = compiled(kind, answer.body)
        if found is not None:
            return found
    try:
        return _object(operation, answer)
    except DecodeError as error:
        fault = error
    raise _named(fault, operation, answer, attempts)


def _object(operation: Operation[T], answer: Answer) -> T | None:
    kind: Any = operation.result
    if verdict.says_done(operation, answer):
        return None
    whole = parse(answer.body)
    if kind in (NoneType, object):
        if operation.effect is not Effect.SAFE and not verdict.owns(operation, answer):
            raise DecodeError("$: not an answer of the API's", path="$")
        return None if kind is NoneType else cast(T, _unwrapped(whole))
    data = _unwrapped(whole) if operation.unwrapped else _data(whole)
    if data is None and operation.nullable:
        if verdict.owns(operation, answer):
            return None
        raise DecodeError("$: not an answer of the API's", path="$")
    if operation.nullable and _is_nothing(data):
        return None
    return structure(data, operation.result, path="$" if operation.unwrapped else "$.data")


def _is_nothing(data: Any) -> bool:
    """Is this how the API says that there is none: empty, or an object whose every value is null?"""
    return data in ([], {}) or (is_object(data) and all(value is None for value in data.values()))


def read_list(operation: Operation[T], answer: Answer, attempts: tuple[Attempt, ...] = ()) -> Listing[T]:
    """The items in an answer, with the page information beside them."""
    found = compiled(operation.result, answer.body, items_decoder_of)
    if found is not None:
        return Listing(found[0], found[1], attempts)
    try:
        return _items(operation, answer, attempts)
    except DecodeError as error:
        fault = error
    raise _named(fault, operation, answer, attempts)


def _items(operation: Operation[T], answer: Answer, attempts: tuple[Attempt, ...]) -> Listing[T]:
    whole = parse_list(operation.result, answer.body)
    # A type made at run time, which checkers can't follow.
    kind: Any = list[operation.result]  # type: ignore[name-defined]
    data = _data(whole)
    if operation.result is object and not isinstance(data, list):
        # Nobody documents these rows, so whatever came is one.
        data = [data] if data else []
    items: list[T] = structure(data, kind, path="$.data")
    return Listing(items, whole.get("meta"), attempts)


def read_raw(operation: Operation[Any], answer: Answer, attempts: tuple[Attempt, ...] = ()) -> RawResponse:
    """Any answer, undecoded but for its JSON; an empty body is None."""
    try:
        whole = None if verdict.says_done(operation, answer) else parse(answer.body)
        if whole is None or operation.effect is Effect.SAFE or verdict.owns(operation, answer):
            meta = whole.get("meta") if is_object(whole) else None
            return RawResponse(
                status=answer.status, headers=answer.headers, data=_unwrapped(whole), meta=meta, attempts=attempts
            )
        fault = DecodeError("$: not an answer of the API's", path="$")
    except DecodeError as error:
        fault = error
    raise _named(fault, operation, answer, attempts)


def _unwrapped(whole: Any) -> Any:
    return whole["data"] if is_object(whole) and "data" in whole else whole


def _data(whole: Any) -> Any:
    if not is_object(whole):
        raise DecodeError("$: expected an object with the key data", path="$")
    if "data" not in whole:
        raise DecodeError("$.data: missing", path="$.data")
    return whole["data"]


def _named(error: DecodeError, operation: Operation[Any], answer: Answer, attempts: tuple[Attempt, ...]) -> DecodeError:
    # What goes out without a token is answered with one.
    body = b"" if operation.anonymous else answer.body
    named = DecodeError(
        f"{operation.id}: {error}",
        path=error.path,
        body=body,
        status=answer.status,
        accepted=verdict.owns(operation, answer),
    )
    named.operation, named.attempts = operation.id, attempts
    return named


def error_of(
    operation: Operation[Any], answer: Answer, secrets: Iterable[Secret | None], wait: float | None
) -> ApiError:
    """The error that an answer outside 2xx stands for. Secrets that the server echoes are cut out."""
    code: int | None = None
    errors: dict[str, list[str]] = {}
    message = ""
    try:
        body = parse(answer.body)
    except DecodeError:
        body = None
    if is_object(body):
        message = _text(body.get("message")) or _text(body.get("error_description")) or _text(body.get("error"))
        code = verdict.code_of(body.get("code"))
        errors = _fields(body.get("errors"))
    elif b"<" not in answer.body[:200]:
        # The framework's own refusals are a line of text, whatever their content type says.
        message = answer.body[:200].decode("utf-8", "replace").strip()
    if 300 <= answer.status < 400:
        message = "redirected, which is not followed; check base_url"
    # Real secrets are long; a short one is a test's, and would cut words.
    long = [secret for secret in secrets if secret is not None and len(secret.reveal()) >= _LEAST_SECRET]
    message = _without(message or "no message", long)
    errors = {_without(k, long): [_without(v, long) for v in vs] for k, vs in errors.items()}
    headers = [(k, "…" if k.lower() in _SECRET else _without(v, long)) for k, v in answer.headers.items()]
    return class_for(answer.status, code, message)(
        message,
        status=answer.status,
        code=code,
        errors=errors,
        operation=operation.id,
        retry_after=wait,
        headers=CIMultiDict(headers),
        # Requests for a token hold secrets of their own. Cut first and shortened then, or half a secret would stay.
        body="" if operation.anonymous else _begin(_without(answer.body.decode("utf-8", "replace"), long)),
    )


def _begin(text: str) -> str:
    return text if len(text) <= _MOST_BODY else f"{text[:_MOST_BODY]}…"


def _without(text: str, secrets: Iterable[Secret]) -> str:
    for secret in secrets:
        # PHP writes a slash in JSON with a backslash before it.
        text = text.replace(secret.reveal(), "…").replace(secret.reveal().replace("/", "\\/"), "…")
    return text


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _fields(value: Any) -> dict[str, list[str]]:
    """The `errors` map: its values are a text or a list of texts."""
    if not is_object(value):
        return {}
    return {name: [str(t) for t in texts] if is_array(texts) else [str(texts)] for name, texts in value.items()}
