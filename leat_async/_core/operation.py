"""Operations as data: what is sent where, what may come back, and what repeating it does."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping
from operator import attrgetter, itemgetter
from typing import Any, Generic, Literal, TypeVar, cast
from urllib.parse import quote, unquote

import attrs
import msgspec

from ..errors import ConfigError
from .codec import encode
from .params import Json, Object, Param, Text, is_array, is_mapping, show
from .unset import UNSET

T = TypeVar("T")
_ANY = Json()
_SEGMENT = Text(required=True)
# Needs no encoding, as any uuid; what may be "." or ".." is looked at.
_is_plain = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9_.~-]*", re.ASCII).fullmatch
Rule = Callable[[Mapping[str, Any]], str | None]
Method = Literal["GET", "POST", "PUT", "DELETE"]
Certainty = Literal["documented", "observed in an answer", "observed in a client", "assumed"]
"""How sure the facts of an operation are: by documentation, an answer of the API, another client's request, or not."""


class Effect(enum.Enum):
    """What sending a request twice does.

    SAFE changes nothing. REPEATABLE ends in the same state however often it is sent. ACTION acts again each time.
    """

    SAFE = "safe"
    REPEATABLE = "repeatable"
    ACTION = "action"


@attrs.frozen(kw_only=True)
class Paging:
    """How a list is paged: the page size's name, and the largest one documented (None: the API's own is used).

    Not `certain`: only some sources page the list, so that a page may turn out to repeat the one before.
    """

    size: str = "limit"
    largest: int | None
    certain: bool = True


@attrs.frozen
class Operation(Generic[T]):
    """One operation of the API.

    `result` is the model of the answer's `data` (of its items, for a list; `object` for data nobody documents;
    NoneType where the answer is null or empty). `query` and `body` name the parameters as the API does. `rules`
    look at all arguments at once and return what is wrong, or None.
    """

    id: str
    method: Method
    path: str
    effect: Effect
    result: type[T]
    query: Mapping[str, Param] = attrs.field(factory=dict[str, Param], kw_only=True)
    body: Mapping[str, Param] = attrs.field(factory=dict[str, Param], kw_only=True)
    rules: tuple[Rule, ...] = attrs.field(default=(), kw_only=True)
    # Names beyond `body` pass, checked as JSON: the account's own attributes are sent as further top-level keys.
    open_body: bool = attrs.field(default=False, kw_only=True)
    many: bool = attrs.field(default=False, kw_only=True)
    paging: Paging | None = attrs.field(default=None, kw_only=True)
    apis: tuple[str, ...] = attrs.field(default=("oauth",), kw_only=True)
    # The answer's data may be null: the method then returns None.
    nullable: bool = attrs.field(default=False, kw_only=True)
    # The answer is the object itself, without `data` around it.
    unwrapped: bool = attrs.field(default=False, kw_only=True)
    # Lives at the origin instead of below the API's root.
    at_origin: bool = attrs.field(default=False, kw_only=True)
    # What the answer repeats of the parameters, and where: another value there means that it answers another request.
    echoes: Mapping[str, str] = attrs.field(factory=dict[str, str], kw_only=True)
    # Goes out without a token.
    anonymous: bool = attrs.field(default=False, kw_only=True)
    certainty: Certainty = attrs.field(default="documented", kw_only=True)
    # The method that asks what became of the write, where one can.
    look_up: Callable[..., Any] | None = attrs.field(default=None, eq=False, repr=False, kw_only=True)
    # The path cut at its parameters: what comes before them, and each one's name with what follows it.
    _begin: str = attrs.field(init=False, repr=False, eq=False)
    _segments: tuple[tuple[str, str], ...] = attrs.field(init=False, repr=False, eq=False)
    # What gets all that is echoed from what was sent, and all echoes from an answer, each as a tuple.
    sent_and_echoed: tuple[Callable[[Any], Any], Callable[[Any], Any]] | None = attrs.field(
        init=False, repr=False, eq=False
    )

    def __attrs_post_init__(self) -> None:
        begin, *rest = self.path.replace("}", "{").split("{")
        object.__setattr__(self, "_begin", begin)
        object.__setattr__(self, "_segments", tuple(zip(rest[::2], rest[1::2], strict=True)))
        both = None
        if self.echoes:
            # At least two of each, since a getter of one gives no tuple.
            names, places = [*self.echoes, *self.echoes], [*self.echoes.values(), *self.echoes.values()]
            both = itemgetter(*names[: max(2, len(self.echoes))]), attrgetter(*places[: max(2, len(self.echoes))])
        object.__setattr__(self, "sent_and_echoed", both)

    def request(
        self,
        api: str,
        path: tuple[object, ...] = (),
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Request[T]:
        """Check all arguments and make the request; nothing has been sent when this raises."""
        if api not in self.apis:
            raise ConfigError(f"{self.id} does not exist under api={api!r}; it does under {' and '.join(self.apis)}")
        target = self._begin
        for place, value in enumerate(path):
            name, after = self._segments[place]
            target += path_segment(name, value) + after
        if query:
            target += query_string(self._check(api, self.query, query, null=False))
        if body is None:
            return Request(self, target)
        sent = self.checked(api, body)
        return Request(self, target, encode(sent), sent)

    def checked(self, api: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """A body as it is sent, in the order in which it was given."""
        return self._check(api, self.body, body, null=True)

    def _check(self, api: str, params: Mapping[str, Param], given: Mapping[str, Any], *, null: bool) -> dict[str, Any]:
        sent: dict[str, Any] = {}
        for name, value in given.items():
            param = params[name] if not self.open_body else params.get(name, _ANY)
            if value is UNSET:
                if param.required and not (param.implied_by_register and api == "register"):
                    raise ValueError(f"{self.id}: {name} is required")
                continue
            if value is None and not param.required:
                if not null:
                    raise TypeError(f"{self.id}: {name} can't be None in a query; leave it out")
                sent[name] = None
                continue
            sent[name] = param.wire(name, value)
        for rule in self.rules:
            wrong = rule(sent)
            if wrong is not None:
                raise ValueError(f"{self.id}: {wrong}")
        return sent


class Request(msgspec.Struct, Generic[T], gc=False):
    """One call, ready to send: checked, encoded, and without the token. `told` is what the body was encoded from."""

    operation: Operation[T]
    target: str
    body: bytes | None = None
    told: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        # Neither the body nor the target, whose parts may be personal.
        return f"Request({self.operation.id})"


def path_segment(name: str, value: object) -> str:
    """One path parameter, percent-encoded whole, so that no value can leave its place in the path."""
    if type(value) is str and _is_plain(value):
        return value
    text = _SEGMENT.wire(name, value)
    if text in (".", ".."):
        raise ValueError(f"{name} must be an identifier, got {show(text)}")
    return quote(text, safe="")


def query_string(params: Mapping[str, Any], begin: str = "?") -> str:
    """`?a=1&created_at%5Bgte%5D=…`: nested values bracketed, booleans as 1 and 0, everything percent-encoded."""
    pairs: list[str] = []
    for name, value in params.items():
        _flatten(pairs, name, value)
    return begin + "&".join(pairs) if pairs else ""


def _flatten(pairs: list[str], name: str, value: Any) -> None:
    if is_mapping(value):
        for key, item in value.items():
            _flatten(pairs, f"{name}[{key}]", item)
    elif is_array(value):
        for index, item in enumerate(value):
            _flatten(pairs, f"{name}[{index}]", item)
    else:
        text = str(int(value)) if isinstance(value, bool) else str(value)
        pairs.append(f"{_quoted(name)}={_quoted(text)}")


def _quoted(text: str) -> str:
    return text if _is_plain(text) else quote(text, safe="")


def require_one(*names: str) -> Rule:
    """At least one of these must be given (the API's REQUIRED_WITHOUT)."""

    def rule(sent: Mapping[str, Any]) -> str | None:
        if any(sent.get(name) is not None for name in names):
            return None
        return f"give one of {', '.join(names[:-1])} or {names[-1]}"

    return rule


def require_with(name: str, *others: str) -> Rule:
    """`name` makes `others` necessary (the API's REQUIRED_WITH)."""

    def rule(sent: Mapping[str, Any]) -> str | None:
        missing = [other for other in others if sent.get(name) is not None and sent.get(other) is None]
        return f"{name} needs {' and '.join(missing)} as well" if missing else None

    return rule


def at_most_one(*names: str) -> Rule:
    """These exclude each other."""

    def rule(sent: Mapping[str, Any]) -> str | None:
        given = [name for name in names if sent.get(name) is not None]
        return f"{' and '.join(given)} exclude each other; give one" if len(given) > 1 else None

    return rule


_RAW_PATH = re.compile(r"/[A-Za-z0-9\-._~%!$&'()*+,;=:@/]*", re.ASCII)
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def raw_request(
    method: object,
    path: object,
    params: object,
    json: Any,
    effect: object,
) -> Request[Any]:
    """A request for which there is no operation, checked as far as that goes."""
    if not isinstance(method, str) or method.upper() not in _METHODS:
        raise ValueError(f"method must be one of {', '.join(_METHODS)}, got {show(method)}")
    if not isinstance(path, str):
        raise TypeError(f"path must be text, got {show(path)}")
    if not _RAW_PATH.fullmatch(path) or path.startswith("//"):
        raise ValueError(
            f"path must begin with one slash and be percent-encoded, without host, query or fragment, got {show(path)}"
        )
    if any(unquote(segment) in (".", "..") for segment in path.split("/")):
        raise ValueError(f"path must not climb with . or .., got {show(path)}")
    method = method.upper()
    if effect is None:
        effect = Effect.SAFE if method == "GET" else Effect.ACTION
    if not isinstance(effect, Effect) and effect not in [known.value for known in Effect]:
        raise ValueError(f"effect must be 'safe', 'repeatable' or 'action', got {show(effect)}")
    at_origin = path.startswith(("/api/", "/oauth/"))
    made: Operation[Any] = Operation(
        f"{method} {path}", cast(Any, method), path, Effect(effect), object, at_origin=at_origin
    )
    target = path
    if params is not None:
        if not is_mapping(params):
            raise TypeError(f"params must be a mapping, got {show(params)}")
        for name, value in params.items():
            if value is None:
                raise TypeError(f"params: {name} can't be None in a query; leave it out")
        target += query_string(Object().wire("params", params))
    return Request(made, target, None if json is None else encode(Json().wire("json", json)))
