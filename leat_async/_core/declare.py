"""An operation is declared once, by its typed method.

The signature says what is sent: positional parameters make the path, keywords the query of a GET and the body of
anything else, annotations the kinds of value, and what has no default is required. The return type says what comes
back. `operation` says the rest: verb, path, and where the operation differs from what its verb suggests.
"""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import GenericAlias, NoneType
from typing import Any, NoReturn, TypeVar, cast, get_args, get_origin, get_type_hints
from uuid import UUID

import attrs

from ..errors import AlreadyExistsError, NotFoundError, OutcomeUnknownError
from .annotations import Echoed, KeyNamedBy, Mark, Named, extras_of, param_of
from .operation import Certainty, Effect, Method, Operation, Paging, Request, Rule
from .params import Integer, Object, Param, Text
from .unset import UNSET

F = TypeVar("F", bound=Callable[..., Any])
OAUTH = ("oauth",)
REGISTER = ("register",)
BOTH = ("oauth", "register")
_EFFECTS: Mapping[Method, Effect] = {
    "GET": Effect.SAFE,
    "PUT": Effect.REPEATABLE,
    "DELETE": Effect.REPEATABLE,
    "POST": Effect.ACTION,
}
_SIZES = ("limit", "perPage")


def refuse_unknown(name: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Raise `TypeError` for a keyword that a call does not know, with those that it does."""
    known = list(known)
    for keyword in given:
        if keyword not in known:
            near = difflib.get_close_matches(keyword, known, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; it takes {', '.join(known) or 'none'}"
            raise TypeError(f"{name}: got an unexpected keyword argument {keyword!r}{hint}")


def never() -> NoReturn:
    """The body of a declared method: `operation` puts another in its place, and type checkers ask for one."""
    raise AssertionError("the body of a declared operation does not run")  # pragma: no cover


@attrs.frozen
class AtRegister:
    """What an operation is under the Register API, where that is something else."""

    method: Method
    path: str
    certainty: Certainty


def operation(
    method: Method,
    path: str,
    *,
    apis: tuple[str, ...] = OAUTH,
    at_register: AtRegister | None = None,
    effect: Effect | None = None,
    certainty: Certainty = "documented",
    look_up: Callable[..., Any] | None = None,
    look_up_apis: tuple[str, ...] = BOTH,
    if_taken: Callable[..., Any] | None = None,
    deletes: bool = False,
    certain_paging: bool = True,
    rules: tuple[Rule, ...] = (),
    unwrapped: bool = False,
    at_origin: bool = False,
    anonymous: bool = False,
) -> Callable[[F], F]:
    """Make a method of a resource an operation of the API; its own body never runs.

    An `async def` becomes a call, a plain `def` that returns a `Pager` a list. `look_up` is a method of the resource
    that asks what became of a write: it is given the call's arguments by the names of its own parameters, and can't
    ask unless each has a value. `if_taken` is one that answers in place of `AlreadyExistsError`. Where an operation
    `deletes`, as any DELETE does, finding nothing means that an attempt before, which went unanswered, was applied.
    """
    said: Mapping[str, Any] = {
        "method": method,
        "path": path,
        "effect": _EFFECTS[method] if effect is None else effect,
        "certainty": certainty,
        "apis": apis,
        "rules": rules,
        "unwrapped": unwrapped,
        "at_origin": at_origin,
        "anonymous": anonymous,
        "look_up": look_up,
    }

    def declare(function: F) -> F:
        declaration = Declaration(function, said, at_register, certain_paging)

        @functools.wraps(function)
        async def call(self: Any, *args: Any, **given: Any) -> Any:
            pipeline = self._pipeline
            try:
                return await pipeline.run(declaration.request(pipeline.config.api, args, given))
            except OutcomeUnknownError as error:
                if (deletes or method == "DELETE") and isinstance(error.__cause__, NotFoundError):
                    return None
                if look_up is None:
                    raise
                if pipeline.config.api not in look_up_apis:
                    error.can_not_ask(f"the API offers none under api={pipeline.config.api!r}")
                    raise
                asked, missing = declaration.question(look_up, args, given)
                if missing:
                    error.can_not_ask(f"{' and '.join(missing)} was not given, by which the API would be asked")
                else:
                    error.ask_with(functools.partial(look_up, self, **asked))
                raise
            except AlreadyExistsError:
                if if_taken is None:
                    raise
                return await if_taken(self, **declaration.taken_by(if_taken, args, given))

        @functools.wraps(function)
        def pager(self: Any, *args: Any, **given: Any) -> Any:
            asked, segments, query = declaration.arguments(self._pipeline.config.api, args, given)
            return self._list(asked, *segments, query=query)

        declared: Any = call if inspect.iscoroutinefunction(function) else pager
        declared.declaration = declaration
        return cast(F, declared)

    return declare


def operation_of(method: Callable[..., Any]) -> Operation[Any]:
    """The operation that a method of a resource is."""
    return operations_of(method)[0]


def operations_of(method: Callable[..., Any]) -> tuple[Operation[Any], ...]:
    """The operation that a method is and, where the Register API has another in its place, that one."""
    declaration: Declaration = cast(Any, method).declaration
    return declaration.reading.operations


def declared_by(resource: type) -> Iterator[Callable[..., Any]]:
    """The methods of a resource that are operations."""
    return (member for member in vars(resource).values() if hasattr(member, "declaration"))


@attrs.frozen
class FurtherKeys:
    """What is sent as further parameters of a body: the keys of one mapping, and values by the parameters that name
    their keys."""

    mapping: str | None
    named: Mapping[str, str]

    def __call__(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        """What is sent; a key that would hide a parameter is refused."""
        own = {**sent}
        further: dict[str, Any] = {}
        for value, name in self.named.items():
            text, key = own.pop(value), own.pop(name)
            if text is not UNSET and text is not None:
                further[Text().wire(name, key)] = Text().wire(value, text)
        if self.mapping is not None and (given := own.pop(self.mapping)) is not UNSET:
            given = Object().wire(self.mapping, given)
            for key in further.keys() & given.keys():
                raise ValueError(f"{self.mapping} can't hold {key!r}, as which {' and '.join(self.named)} is sent")
            for key in given.keys() & own.keys():
                raise ValueError(f"{self.mapping} can't hold {key!r}, which is a parameter of its own")
            further = {**given, **further}
        for key in further.keys() & own.keys():
            names = " and ".join(self.named.values())
            raise ValueError(f"{names} can't be {key!r}, which is a parameter of its own")
        return {**own, **further}


@attrs.frozen
class Reading:
    """What a signature says, read when it is first needed."""

    operations: tuple[Operation[Any], ...]
    by_api: Mapping[str, Operation[Any]]
    segments: tuple[str, ...]
    # Every keyword with what is sent where it is not given, in the order in which they are sent.
    defaults: Mapping[str, Any]
    required: frozenset[str]
    renamed: Mapping[str, str]
    further: FurtherKeys | None


class Declaration:
    """A typed method, and what is said of the operation beside its signature."""

    def __init__(
        self,
        function: Callable[..., Any],
        said: Mapping[str, Any],
        at_register: AtRegister | None,
        certain_paging: bool,
    ) -> None:
        self._function = function
        self._said = said
        self._at_register = at_register
        self._certain_paging = certain_paging
        self.id = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"

    @functools.cached_property
    def signature(self) -> inspect.Signature:
        """The signature as it is called."""
        signature = inspect.signature(self._function)
        return signature.replace(parameters=list(signature.parameters.values())[1:])

    @functools.cached_property
    def reading(self) -> Reading:
        """What the signature says; raises `TypeError` where it says nothing that can be sent."""
        hints = get_type_hints(self._function, include_extras=True)
        params: dict[str, Param] = {}
        segments: list[str] = []
        defaults: dict[str, Any] = {}
        required: set[str] = set()
        renamed: dict[str, str] = {}
        echoes: dict[str, str] = {}
        mapping: str | None = None
        named: dict[str, str] = {}
        for name, parameter in self.signature.parameters.items():
            extras = extras_of(hints[name])
            for extra in extras:
                if isinstance(extra, Named):
                    renamed[name] = extra.name
                elif isinstance(extra, Echoed):
                    echoes[name] = extra.place
                elif isinstance(extra, KeyNamedBy):
                    named[name] = extra.parameter
            if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
                segments.append(name)
                continue
            if parameter.default is inspect.Parameter.empty:
                required.add(name)
                defaults[name] = UNSET
            else:
                defaults[name] = parameter.default
            if Mark.FURTHER_KEYS in extras:
                mapping = name
            if mapping == name or name in named or name in named.values():
                continue
            # A default that is sent can't be left out.
            must = name in required or parameter.default is not UNSET
            params[renamed.get(name, name)] = param_of(hints[name], required=must)
        further = FurtherKeys(mapping, named) if mapping is not None or named else None
        made = self._operation(hints["return"], params, echoes, further is not None)
        operations = [made]
        if self._at_register is not None:
            operations.append(attrs.evolve(made, apis=REGISTER, **attrs.asdict(self._at_register)))
        by_api = {api: one for one in operations for api in one.apis}
        return Reading(tuple(operations), by_api, tuple(segments), defaults, frozenset(required), renamed, further)

    def _operation(
        self, returns: Any, params: Mapping[str, Param], echoes: Mapping[str, str], open_body: bool
    ) -> Operation[Any]:
        many = not inspect.iscoroutinefunction(self._function)
        members = [kind for kind in get_args(returns) if kind is not NoneType] if NoneType in get_args(returns) else []
        [result] = get_args(returns) if many else members or [returns]
        paging = None
        if "page" in params:
            [size] = [name for name in _SIZES if name in params]
            paging = Paging(size=size, largest=cast(Integer, params[size]).max, certain=self._certain_paging)
        in_query = self._said["method"] == "GET"
        return Operation(
            id=self.id,
            result=_result(result),
            query=params if in_query else {},
            body={} if in_query else params,
            open_body=open_body,
            echoes=echoes,
            many=many,
            paging=paging,
            nullable=bool(members),
            **self._said,
        )

    def arguments(
        self, api: str, args: tuple[Any, ...], given: dict[str, Any]
    ) -> tuple[Operation[Any], tuple[Any, ...], dict[str, Any]]:
        """The operation of an API, and the arguments of a call as the path and as what is sent beside it."""
        reading = self.reading
        # Each call pays for this: a mapping less where nothing is sent beside the path.
        sent = {**reading.defaults, **given} if reading.defaults else given
        if (
            len(args) != len(reading.segments)
            or len(sent) != len(reading.defaults)
            or (reading.required and not reading.required <= given.keys())
        ):
            args, sent = self._bound(args, given)
        if reading.renamed:
            sent = {reading.renamed.get(name, name): value for name, value in sent.items()}
        if reading.further is not None:
            sent = reading.further(sent)
        return reading.by_api.get(api) or reading.operations[0], args, sent

    def request(self, api: str, args: tuple[Any, ...], given: dict[str, Any]) -> Request[Any]:
        """Check the arguments of a call and make the request; nothing has been sent when this raises."""
        made, segments, sent = self.arguments(api, args, given)
        if made.method == "GET":
            return made.request(api, segments, sent)
        return made.request(api, segments, None, sent or None)

    def _bound(self, args: tuple[Any, ...], given: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Arguments that don't fit the signature as they are: parts of the path by name, or a `TypeError`."""
        parameters = self.signature.parameters
        refuse_unknown(self.id, given, parameters)
        try:
            bound = self.signature.bind(*args, **given)
        except TypeError as error:
            raise TypeError(f"{self.id}: {error}") from None
        bound.apply_defaults()
        return bound.args, bound.kwargs

    def taken_by(self, method: Callable[..., Any], args: tuple[Any, ...], given: Mapping[str, Any]) -> dict[str, Any]:
        """Of the arguments of a call those that another method of the resource takes, by name."""
        args, sent = self._bound(args, given)
        values = {**dict(zip(self.reading.segments, args, strict=True)), **sent}
        wanted = {name: values[name] for name in list(inspect.signature(method).parameters)[1:]}
        # Answers are compared with it, and their identifiers are text.
        return {name: str(value) if isinstance(value, UUID) else value for name, value in wanted.items()}

    def question(
        self, method: Callable[..., Any], args: tuple[Any, ...], given: Mapping[str, Any]
    ) -> tuple[dict[str, Any], list[str]]:
        """The arguments that a look-up takes of this call, and the names of those that have no value."""
        taken = self.taken_by(method, args, given)
        return taken, [name for name, value in taken.items() if value is None or value is UNSET]


def _result(kind: Any) -> Any:
    if kind is None:
        return NoneType
    if kind is Any:
        return object
    return GenericAlias(list, get_args(kind)) if get_origin(kind) is Sequence else kind
