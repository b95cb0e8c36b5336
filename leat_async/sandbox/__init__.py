"""A local, stateful Leat API to develop and test against: nothing here ever reaches a customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cli import main, serve
    from .sandbox import Sandbox

__all__ = ["Sandbox", "main", "serve"]


def __getattr__(name: str) -> Any:
    # Loaded on first use, so that a test suite that has the plugin but no use for it pays nothing.
    if name == "Sandbox":
        from .sandbox import Sandbox

        return Sandbox
    if name in ("main", "serve"):
        from . import cli

        return getattr(cli, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
