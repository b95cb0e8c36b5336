"""Credit receptions taken back: at most once each, since the API can't be asked what was reversed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...resources._base import Resource
from ...resources.credit_receptions import CreditReceptions
from ..rows import ActiveRow
from .keyed import KeyedKind
from .kind import KindSettings


class ReversalKind(KeyedKind):
    """What undoes credit receptions, each known by the reception that it reverses."""

    name: str = "credit_reversals"
    resource: type[Resource] = CreditReceptions
    identifier: str = "credit_reception_uuid"
    creates: Callable[..., Any] = CreditReceptions.reverse

    def __init__(self, settings: KindSettings) -> None:
        super().__init__(settings)
        self.can_ask = False

    def _rows_may_hold(self) -> dict[str, None]:
        return {self.identifier: None}

    async def _make(self, row: ActiveRow) -> Any:
        return await self._pipeline.run(self._create.request(self._api, (row.own,)), row)

    async def find(self, row: ActiveRow) -> Any:
        """Nobody can be asked."""
        return None
