"""Vouchers with codes of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...resources._base import Resource
from ...resources.vouchers import Vouchers
from ..rows import ActiveRow, Refused
from ..shown import is_shown
from .keyed import KeyedKind
from .kind import changes_of

# The API wants a state in every change; by this one a voucher stays what it is, or becomes what its dates then say.
_KEPT_BY = {"ACTIVE": "ACTIVE", "INACTIVE": "ACTIVE", "EXPIRED": "ACTIVE", "DEACTIVATED": "DEACTIVATED"}


class VoucherKind(KeyedKind):
    """Vouchers, each by its code. Those whose codes the API makes up can't be told apart: `vouchers.create_batch`."""

    name: str = "vouchers"
    resource: type[Resource] = Vouchers
    identifier: str = "code"
    identified_as: str = "code"
    creates: Callable[..., Any] = Vouchers.create
    updates: Callable[..., Any] | None = Vouchers.update
    finds: Callable[..., Any] | None = Vouchers.find
    shown: Mapping[str, str] = {
        "promotion_uuid": "promotion.uuid",
        "contact_uuid": "contact.uuid",
        "expiration_date": "expiration_date",
        "activation_date": "activation_date",
        "total_redemptions_allowed": "total_redemptions_allowed",
    }
    names_contact: bool = True

    async def _change(self, row: ActiveRow) -> Any:
        assert self._update is not None
        found = await self._there(row)
        status = _KEPT_BY.get(found.status)
        if status is None:
            raise Refused(
                f"the voucher {row.own!r} is {found.status}, and a change could undo that: nothing was changed; change "
                "it in Leat"
            )
        sent = {"status": status, **changes_of(self._update.body, row, clear_empty=self._clear_empty)}
        return await self._pipeline.run(self._update.request(self._api, (found.uuid,), None, sent), row)

    def differing(self, row: ActiveRow, found: Any) -> list[str]:
        """What was given and is shown otherwise, the account's attributes included."""
        own: Mapping[str, Any] = row.body.get("custom_attributes") or {}
        unlike = any(value is not None and not is_shown(value, found.attributes.get(key)) for key, value in own.items())
        return [*super().differing(row, found), *(["custom_attributes"] if unlike else [])]
