"""What survives a killed export: which export it is, how far it has come, and the keys of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import msgspec

from ..errors import ConfigError
from .keystore import KeyStore


@attrs.frozen
class ExportProgress:
    """How far an export is: `position` in the file as its writer counts, rows written, rows that are
    settled, and the walk's mark."""

    position: int = 0
    rows: int = 0
    settled: int = 0
    reached: str | None = None
    page: int = 1
    total: int | None = None
    complete: bool = False


class Checkpoint(KeyStore):
    """Beside a file that is not complete: which export it is of, and how far that has come."""

    def goes_on(self, identity: Mapping[str, Any], *, fresh: bool) -> bool:
        """Whether this export was started before. What another one left is an error."""
        found = self.get("identity")
        if found is None or fresh:
            return False
        if found != identity:
            differing = ", ".join(sorted(k for k in {*found, *identity} if found.get(k) != identity.get(k)))
            raise ConfigError(
                f"{self.path} belongs to another export, which differs in {differing}; repeat that one to finish it, "
                "or start anew with fresh (--fresh)"
            )
        return True

    def begin(self, identity: Mapping[str, Any], bounds: Mapping[str, Any]) -> None:
        """Start anew."""
        self.clear()
        self.set(identity=identity, bounds=bounds)
        self.save(ExportProgress())

    @property
    def progress(self) -> ExportProgress:
        """As last saved."""
        return msgspec.convert(self.get("progress"), ExportProgress)

    def save(self, progress: ExportProgress) -> None:
        """Keep the progress, with the keys of the rows up to there."""
        self.set(progress=attrs.asdict(progress))
        self.commit()
