"""How reports are handed on: as plain values, as JSON, and to notebooks."""

from __future__ import annotations

from typing import Any

import msgspec

from .language import is_installed


class HandedOn(msgspec.Struct, frozen=True, kw_only=True):
    """A report; notebooks show it as a page."""

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found

    def to_json(self) -> bytes:
        """The report as JSON."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"

    def _fragment(self) -> str:
        """What its page shows."""
        raise NotImplementedError

    def _repr_html_(self) -> str | None:
        """What a notebook that asks for nothing else shows."""
        return self._repr_mimebundle_().get("text/html")

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """What a notebook shows: the page, where the extra is installed, else a line."""
        from .frame import in_notebook

        shown = {"text/plain": repr(self)}
        return {"text/html": in_notebook(self._fragment()), **shown} if is_installed() else shown
