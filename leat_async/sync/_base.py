"""What the generated classes stand on."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from importlib import import_module
from types import FrameType, TracebackType
from typing import Any, Self

from .._core.declare import refuse_unknown
from ..client import LeatClient as AsyncLeatClient
from ._bridge import Bridge

_OURS = __name__.rpartition(".")[0] + "."


def _teaching(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    """The same, and a keyword that it does not know is told of as the asynchronous side does, with those it knows."""

    @functools.wraps(method)
    def call(*args: Any, **given: Any) -> Any:
        try:
            return method(*args, **given)
        except TypeError as error:
            # Only what does not fit the signature is raised before there is a frame of the method's.
            if error.__traceback__ is None or error.__traceback__.tb_next is None:
                refuse_unknown(name, given, list(inspect.signature(method).parameters)[1:])
            raise

    return call


class SyncResource:
    """A group of operations; made by the client."""

    _async: Any

    def __init_subclass__(cls) -> None:
        for name, method in list(vars(cls).items()):
            if inspect.isfunction(method) and not name.startswith("_"):
                setattr(cls, name, _teaching(f"{cls.__module__.rpartition('.')[2]}.{name}", method))

    def __init__(self, resource: Any, bridge: Bridge) -> None:
        self._async = resource
        self._bridge = bridge

    def __repr__(self) -> str:
        return f"<sync {repr(self._async).removeprefix('<')}"


class SyncClient:
    """The life of a client; its settings, resources and methods are generated."""

    _async: AsyncLeatClient
    _bridge: Bridge

    def _set_up(self, client: AsyncLeatClient) -> None:
        made_by: FrameType | None = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
        while made_by is not None and made_by.f_globals.get("__name__", "").startswith(_OURS):
            made_by = made_by.f_back
        made_at = f"{made_by.f_code.co_filename}:{made_by.f_lineno}" if made_by is not None else "an unknown place"
        self._async = client
        self._bridge = Bridge(client, made_at)

    def _view(self, client: AsyncLeatClient) -> Self:
        view = object.__new__(type(self))
        view._async = client
        view._bridge = self._bridge
        return view

    def __getattr__(self, name: str) -> Any:
        # Resources are imported on first use: an annotation "module.Class" says where each is.
        where = _resources(type(self)).get(name)
        if where is None or name.startswith("_"):
            raise AttributeError(f"{type(self).__name__} has no resource or attribute {name!r}")
        module, _, class_name = where.partition(".")
        kind = getattr(import_module(f".resources.{module}", __package__), class_name)
        resource = kind(getattr(self._async, name), self._bridge)
        self.__dict__[name] = resource
        return resource

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *_resources(type(self))})

    def __repr__(self) -> str:
        return f"<sync {repr(self._async).removeprefix('<')}"

    def close(self) -> None:
        """Close the connections and end the client's thread; again is no error.

        Calls of other threads that wait to be sent fail with `LifecycleError`; those on their way end within a
        second. In a forked child this does nothing: the connections are the parent's.
        """
        self._bridge.close()

    def __enter__(self) -> Self:
        self._bridge.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Any:
        raise TypeError("leat_async.sync.LeatClient is synchronous: use 'with', or leat_async.LeatClient")

    async def __aexit__(self, *_: object) -> None:
        """Only here so that `async with` reaches the advice of `__aenter__`."""


def _resources(kind: type) -> dict[str, str]:
    """The attributes of the generated class, for a subclass of it too."""
    return {name: where for cls in kind.__mro__[:-1] for name, where in inspect.get_annotations(cls).items()}
