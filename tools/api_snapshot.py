"""The public interface as text: every name that users may rely on, one line each.

`python tools/api_snapshot.py > tests/snapshots/public_api.txt` after a change that is meant; a test compares.
Annotations are written as what they stand for, so that giving a type an alias changes nothing here.
"""

from __future__ import annotations

import ast
import collections.abc
import enum
import inspect
import re
import sys
import types
import typing
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

import attrs
import msgspec

MODULES = (
    "",
    "errors",
    "models",
    "bulk",
    "export",
    "fleet",
    "reports",
    "loyalty_tokens",
    "sandbox",
    "sync",
    "sync.bulk",
    "sync.export",
    "telemetry",
    "webhooks",
)
Kind = typing.Literal["module", "class", "made", "function", "constant", "attribute", "property", "method", "key"]
# Classes that only this package makes.
NOT_MADE_BY_USERS = {"Run", "AiohttpReceiver", "AsgiReceiver", "WsgiReceiver", "SeenStore", "OutboxStore"}


@attrs.frozen
class Symbol:
    """A public name.

    `text`: what is said of it behind its path, such as its signature. `value`: the thing itself, whose docstring tells
    more. `kind` says what it is; "made" are the parameters that a class is made with.
    """

    path: str
    text: str
    kind: Kind
    value: Any = None


class Interface:
    """Walks the public names; typed dicts met on the way come at the end."""

    def __init__(self) -> None:
        self.dicts: dict[str, Any] = {}
        self.classes: set[tuple[str, str]] = set()

    def symbols(self) -> Iterator[Symbol]:
        """All of them."""
        for name in MODULES:
            path = f"leat_async.{name}" if name else "leat_async"
            yield from self.module(path, import_module(path))
        for path in ("leat_async", "leat_async.sync"):
            client = import_module(path).LeatClient("token")
            for name in sorted(name for name in dir(client) if not name.startswith("_")):
                value = getattr(client, name)
                if not callable(value):
                    yield from self.members(f"{path}.LeatClient.{name}", type(value))
        written: set[str] = set()
        while left := sorted(set(self.dicts) - written):
            for name in left:
                written.add(name)
                required = self.dicts[name].__required_keys__
                for field, hint in sorted(hints_of(self.dicts[name]).items()):
                    optional = "" if field in required else " (optional)"
                    yield Symbol(
                        f"typed dict {name}[{field!r}]", f": {self.type(hint)}{optional}", "key", self.dicts[name]
                    )

    def module(self, path: str, module: types.ModuleType) -> Iterator[Symbol]:
        """The public names of a module."""
        names = getattr(module, "__all__", None)
        if names is None:
            names = [n for n, v in vars(module).items() if not n.startswith("_") and own(v, path)]
        for name in sorted(names):
            value = getattr(module, name)
            full = f"{path}.{name}"
            if isinstance(value, types.ModuleType):
                yield Symbol(full, ": module", "module", value)
            elif inspect.isclass(value):
                yield from self.cls(full, value)
            elif inspect.isfunction(value):
                yield Symbol(full, self.signature(value), "function", value)
            elif type(value) in (str, int, float, bool, tuple, frozenset):
                plain = sorted(value) if isinstance(value, frozenset) else value
                if isinstance(plain, tuple):
                    plain = tuple(getattr(item, "name", item) for item in plain)
                yield Symbol(full, f" = {plain!r}" if name != "__version__" else ": str", "constant", value)
            else:
                yield Symbol(full, f": {self.type(value)}", "constant", value)

    def cls(self, full: str, cls: type) -> Iterator[Symbol]:
        """A class, by its bases, fields and members; where it has been written before, by that."""
        bases = ", ".join(self.type(base) for base in cls.__bases__ if not base.__name__.startswith("_"))
        yield Symbol(full, f": class({bases})", "class", cls)
        key = (cls.__module__, cls.__qualname__)
        if key in self.classes:
            return
        self.classes.add(key)
        if issubclass(cls, enum.Enum):
            for name, member in cls.__members__.items():
                yield Symbol(f"{full}.{name}", f" = {member.value!r}", "attribute", member)
            return
        yield from self.fields(full, cls)
        yield from self.members(full, cls)

    def fields(self, full: str, cls: type) -> Iterator[Symbol]:
        """What an object is made of, in the order of its making."""
        hints = hints_of(cls)
        if attrs.has(cls):
            for field in attrs.fields(cls):
                # A model's `extra` is a property, told among its members.
                if not field.name.startswith("_") and field.name in hints:
                    default = "" if field.default is attrs.NOTHING else f" = {shown(field.default)}"
                    kind = ", keyword" if field.kw_only else ""
                    said = f": {self.type(hints[field.name])}{default} (field{kind})"
                    yield Symbol(f"{full}.{field.name}", said, "attribute", field)
        elif issubclass(cls, msgspec.Struct):
            for item in msgspec.structs.fields(cls):
                default = "" if item.default is msgspec.NODEFAULT else f" = {shown(item.default)}"
                yield Symbol(
                    f"{full}.{item.name}", f": {self.type(hints[item.name])}{default} (field)", "attribute", item
                )
        elif "__init__" in vars(cls) or issubclass(cls, Exception):
            if cls.__name__ not in NOT_MADE_BY_USERS:
                yield Symbol(full, self.signature(cls.__init__), "made", cls.__init__)
            written = {name for base in ours(cls) for name in vars(base).get("__annotations__", {})}
            yield from (
                Symbol(f"{full}.{n}", f": {self.type(hints[n])}", "attribute")
                for n in sorted(written)
                if n in hints and n[0] != "_" and not resource(hints[n])
            )

    def members(self, full: str, cls: type) -> Iterator[Symbol]:
        """Public methods and properties, inherited ones from this package included."""
        names = {n for base in ours(cls) for n in vars(base) if not n.startswith("_")}
        for name in sorted(names):
            value = inspect.getattr_static(cls, name)
            if isinstance(value, property):
                said = f": {self.type(hints_of(value.fget).get('return', '?'))} (property)"
                yield Symbol(f"{full}.{name}", said, "property", value)
            elif isinstance(value, (classmethod, staticmethod)):
                said = f"{self.signature(getattr(cls, name))} ({type(value).__name__})"
                yield Symbol(f"{full}.{name}", said, "method", getattr(cls, name))
            elif callable(getattr(cls, name)):
                yield Symbol(f"{full}.{name}", self.signature(getattr(cls, name)), "method", getattr(cls, name))

    def signature(self, function: Any) -> str:
        """Parameters with kinds, types and defaults, those by keyword by name; whether it is to be awaited."""
        hints = hints_of(inspect.unwrap(function))
        parts: list[str] = []
        keyword_only = False
        parameters = [p for p in inspect.signature(function).parameters.values() if p.name != "self"]
        for parameter in self.ordered(parameters):
            name = parameter.name
            if parameter.kind is parameter.KEYWORD_ONLY and not keyword_only:
                keyword_only = True
                parts.append("*")
            star = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
            star = "**" if parameter.kind is parameter.VAR_KEYWORD else star
            keyword_only = keyword_only or star == "*"
            default = "" if parameter.default is parameter.empty else f" = {shown(parameter.default)}"
            parts.append(f"{star}{name}: {self.type(hints.get(name, '?'))}{default}")
            if parameter.kind is parameter.POSITIONAL_ONLY:
                parts.append("/")
        waits = " async" if inspect.iscoroutinefunction(inspect.unwrap(function)) else ""
        return f"({', '.join(parts)}) -> {self.type(hints.get('return', '?'))}{waits}"

    def ordered(self, parameters: Iterable[inspect.Parameter]) -> list[inspect.Parameter]:
        """Parameters in an order in which moving one by keyword changes nothing."""
        return sorted(parameters, key=lambda p: (p.kind, p.name if p.kind is p.KEYWORD_ONLY else ""))

    def type(self, hint: Any) -> str:
        """A type, whatever it was called where it was written."""
        if hint is None or hint is type(None):
            return "None"
        if hint in (typing.Generic, typing.Protocol):
            return str(hint.__name__)
        if hint is ... or isinstance(hint, (str, typing.TypeVar)):
            return "..." if hint is ... else str(hint)
        if isinstance(hint, typing.ForwardRef):
            return hint.__forward_arg__
        origin, args = typing.get_origin(hint), typing.get_args(hint)
        if origin in (typing.Union, types.UnionType):
            return " | ".join(sorted(self.type(arg) for arg in args))
        if origin is typing.Literal:
            return f"Literal[{', '.join(repr(arg) for arg in args)}]"
        if origin in (typing.NotRequired, typing.Required):
            return self.type(args[0])
        if origin is collections.abc.Callable:
            taken = args[0] if args[0] is ... else f"[{', '.join(map(self.type, args[0]))}]"
            return f"Callable[{'...' if taken is ... else taken}, {self.type(args[1])}]"
        if origin is not None:
            return f"{self.type(origin)}[{', '.join(map(self.type, args))}]"
        if typing.is_typeddict(hint):
            self.dicts[hint.__name__] = hint
        if inspect.isclass(hint):
            outside = not hint.__module__.startswith(("leat_async", "builtins", "collections.abc", "typing"))
            # On Python 3.13 `pathlib.Path` says that it comes from `pathlib._local`.
            module = re.sub(r"\._\w+", "", hint.__module__)
            return f"{module}.{hint.__qualname__}" if outside else hint.__qualname__
        return str(hint).removeprefix("typing.") if not isinstance(hint, enum.Enum) else str(hint)


def ours(cls: type) -> list[type]:
    """A class and those it inherits from, of this package."""
    return [base for base in cls.__mro__ if base.__module__.startswith("leat_async")]


def own(value: Any, path: str) -> bool:
    """Whether a module's name is its own, not one that it imported."""
    return getattr(value, "__module__", None) == path


def resource(hint: Any) -> bool:
    """Whether a type is that of a resource, whose methods have lines of their own."""
    return inspect.isclass(hint) and ".resources." in hint.__module__


def hints_of(thing: Any) -> dict[str, Any]:
    """Annotations as types: names that are only there for type checkers are looked for where they come from."""
    for base in reversed(getattr(thing, "__mro__", [thing])):
        module = sys.modules.get(getattr(base, "__module__", ""))
        if module is not None and module.__name__.startswith("leat_async"):
            _import_for_checkers(module)
    try:
        return typing.get_type_hints(thing)
    except (NameError, TypeError) as error:
        raise SystemExit(f"{thing}: {error}") from error


_done: set[str] = set()


def _import_for_checkers(module: types.ModuleType) -> None:
    """Run what a module imports under `if TYPE_CHECKING`."""
    if module.__name__ in _done or not module.__file__:
        return
    _done.add(module.__name__)
    with open(module.__file__) as file:
        tree = ast.parse(file.read())
    for node in tree.body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            scope = {**vars(module)}
            code = compile(ast.Module(node.body, []), module.__file__, "exec")
            exec(code, scope)  # noqa: S102 - our own source
            for name, value in scope.items():
                vars(module).setdefault(name, value)


def shown(default: Any) -> str:
    """A default value, by what it is."""
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # a function to checkers, a class at run time
        factory: Any = default
        return f"{getattr(factory.factory, '__qualname__', 'list')}()".replace("<lambda>", "made")
    return repr(default) if "object at 0x" not in repr(default) else f"<{type(default).__name__}>"


def text(symbols: Iterable[Symbol]) -> str:
    """The file's content."""
    return "".join(f"{symbol.path}{symbol.text}\n" for symbol in symbols)


if __name__ == "__main__":
    sys.stdout.write(text(Interface().symbols()))
