"""A local, stateful Leat API to develop and test against: nothing here ever reaches a customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cli import main
    from .running import serve
    from .sandbox import Sandbox

__all__ = ["Sandbox", "main", "serve"]


def __getattr__(name: str) -> Any:
    # Loaded on first use, so that a test suite that has the plugin but no use for it pays nothing.
    if name == "Sandbox":
        from .sandbox import Sandbox

        return Sandbox
    if name == "main":
        from .cli import main

        return main
    if name == "serve":
        from .running import serve

        return serve
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
