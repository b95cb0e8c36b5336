"""What an answer proves about the request behind it.

Between a client and the API stand proxies, gateways and load balancers, which answer for themselves with any status and
any page. Only what is visibly the API's own word says that a write was applied, or that it was not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import NoneType
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from ..errors import DecodeError
from ..models._base import Model, json_of
from .kept_text import kept_text
from .operation import Effect, Operation, Request
from .params import is_object
from .transport import Answer

# What hops answer for themselves, whatever the body says.
_OF_A_HOP = frozenset({407, 408, 421, 425, 431, 499})
# Of those, the ones that may be otherwise the next time.
_PASSING = frozenset({408, 421, 425, 499})
# Refused by Laravel before an operation runs (who asks, whether they may, where to, how much), in JSON without a code.
_BEFORE_IT_RUNS = frozenset({401, 403, 404, 405, 413})
_LEAST_CODE = 1000
_begins_as_ours = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"(?:data|meta)"\s*:').match
_begins_as_object = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{").match
_BLANK: tuple[Any, ...] = (None, [], {})
_OF_A_FAULT = ("message", "error", "errors", "code", "exception")
_REMAINING = "X-RateLimit-Remaining"
# A model of each class without any value.
_NOTHING: dict[type[Model], Model] = {}
# Compared without regard to case, which neither addresses nor uuids have.
_CASELESS = frozenset({"contact_uuid", "email"})


def refuses(status: int, body: bytes) -> bool:
    """Whether an answer outside 2xx is the API's own refusal, so that nothing was applied."""
    if status == 429:
        # Requests are counted before anything is done, by Laravel as by any gateway.
        return True
    if not 400 <= status < 500 or status in _OF_A_HOP:
        return False
    try:
        said = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return False
    if not is_object(said):
        return False
    worded = isinstance(said.get("message"), str)
    code = code_of(said.get("code"))
    if worded and code is not None and code >= _LEAST_CODE:
        return True
    if status == 401 and isinstance(said.get("error"), str):
        return True  # how tokens of the older kind are refused
    if status == 422:
        return worded and is_object(said.get("errors"))
    return worded and status in _BEFORE_IT_RUNS


def may_change(status: int) -> bool:
    """Whether a status outside 2xx may be another when the same is asked again."""
    return status >= 500 or status in _PASSING


def begins_as_ours(operation: Operation[Any], begun: bytes) -> bool:
    """Whether what there is of a 2xx answer is the beginning of the API's own."""
    return bool(_begins_as_object(begun) if operation.unwrapped else _begins_as_ours(begun))


def owns(operation: Operation[Any], answer: Answer) -> bool:
    """Whether a whole 2xx answer is the API's own, also where it can't be read."""
    try:
        whole = msgspec.json.decode(answer.body)
    except (ValueError, RecursionError):
        return begins_as_ours(operation, answer.body)
    if operation.unwrapped or operation.at_origin:
        return is_object(whole) and not _is_fault(whole)
    return is_object(whole) and ("data" in whole or "meta" in whole) and not _is_fault(whole)


def _is_fault(whole: Mapping[str, Any]) -> bool:
    return whole.get("data") in _BLANK and any(whole.get(name) not in _BLANK for name in _OF_A_FAULT)


def says_done(operation: Operation[Any], answer: Answer) -> bool:
    """Whether an empty 2xx answer is the API's own, for an operation whose answer is empty or not documented.

    A gateway's may be empty as well, but comes with 200 and without the API's count of requests.
    """
    if operation.result not in (NoneType, object):
        return False
    if operation.effect is Effect.SAFE:
        return not answer.body.strip()
    blank = answer.body.strip() in (b"", b"null", b"[]", b"{}")
    return blank and (answer.status == 204 or _REMAINING in answer.headers)


def check(request: Request[Any], found: Any) -> None:
    """Raise `DecodeError` if what was found in an answer can't be what was written or asked for."""
    both, told = request.operation.sent_and_echoed, request.told
    if both is None:
        return
    if told is not None:
        sent, echoed = both
        try:
            # As most answers are, each of which pays for this. With one value the answer is not one of nothing.
            if (wanted := sent(told)) == echoed(found) and wanted[0] is not None:
                return
        except (KeyError, AttributeError):  # not sent; or the object that it would be in is not there
            pass
    if isinstance(found, Model):
        _check_closely(request, found)


def _check_closely(request: Request[Any], found: Model) -> None:
    operation = request.operation
    nothing = _NOTHING.get(type(found))
    if nothing is None:
        nothing = _NOTHING[type(found)] = type(found)()
    if found == nothing and not found.extra:
        raise _denial(operation, "$.data", "nothing of what was sent is in it")
    told = _told(request)
    for name, place in operation.echoes.items():
        wanted = told.get(name)
        echoed: Any = found
        for step in place.split("."):
            echoed = getattr(echoed, step, None)
        if echoed == wanted:
            continue
        wanted = kept_text(wanted) if isinstance(wanted, str) else None
        if wanted is None:
            continue
        if not echoed:
            # Left out is no contradiction; null is, since something was sent. What was searched by is missing only
            # from an answer that is a mere uuid: one with keys that nobody knows is of something else.
            left_out = place not in json_of(found._raw)  # pyright: ignore[reportPrivateUsage]
            if left_out and not (operation.method == "GET" and found.extra):
                continue
        elif name in _CASELESS:
            wanted, echoed = wanted.casefold(), echoed.casefold()
        if echoed != wanted:
            raise _denial(operation, f"$.data.{place}", "not what was sent, so this answers another request")


def _told(request: Request[Any]) -> Mapping[str, Any]:
    """The parameters that a request was given, by the API's names."""
    path, _, query = request.target.partition("?")
    segments = zip(request.operation.path.split("/"), path.split("/"), strict=True)
    told: dict[str, Any] = {name[1:-1]: unquote(value) for name, value in segments if name.startswith("{")}
    told.update(parse_qsl(query))
    if request.told is not None:
        told.update(request.told)
    elif request.body is not None:
        told.update(msgspec.json.decode(request.body))
    return told


def _denial(operation: Operation[Any], path: str, what: str) -> DecodeError:
    return DecodeError(f"{operation.id}: {path}: {what}", path=path, accepted=False)


def code_of(value: Any) -> int | None:
    """The API's error code, which may come as text."""
    if isinstance(value, str) and value.isdecimal():
        return int(value[:12])
    return value if isinstance(value, int) and not isinstance(value, bool) else None
