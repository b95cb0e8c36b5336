"""Orders, created and processed in one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..._core.unset import UNSET
from ...models import Order, OrderWithResult
from ...resources._base import Resource
from ...resources.orders import Orders
from ..rows import ActiveRow
from .keyed import KeyedKind


class OrderKind(KeyedKind):
    """Orders, each by its external identifier. One that is there was processed, since both are one call."""

    name: str = "orders"
    resource: type[Resource] = Orders
    identifier: str = "external_identifier"
    creates: Callable[..., Any] = Orders.create_and_process
    updates: Callable[..., Any] | None = Orders.update
    finds: Callable[..., Any] | None = Orders.find
    shown: Mapping[str, str] = {
        "contact.uuid": "contact.uuid",
        "business_profile.uuid": "business_profile.uuid",
        **{name: name for name in ("reference", "status", "payment_status", "total_order_amount")},
    }
    names_contact: bool = True
    looks_first: bool = True

    def _rows_may_hold(self) -> dict[str, None]:
        return {**super()._rows_may_hold(), "contact_uuid": None, "shop_uuid": None}

    def _parameters(self, values: dict[str, Any], address: str | None) -> dict[str, Any]:
        body = super()._parameters(values, None)
        contact = values.get("contact_uuid") if address is None else address
        for name, short, uuid in (
            ("contact", "contact_email" if address is not None else "contact_uuid", contact),
            ("business_profile", "shop_uuid", values.get("shop_uuid")),
        ):
            if uuid in (None, UNSET):
                continue
            if body[name] not in (None, UNSET):
                raise ValueError(f"{self._create.id}: {name} and {short} name the same; give one")
            body[name] = {"uuid": uuid}
        return body

    def _place(self, body: dict[str, Any], contact: str | None) -> None:
        if contact is None:
            del body["contact"]
        else:
            body["contact"] = {"uuid": contact}

    async def _make(self, row: ActiveRow) -> Any:
        made: OrderWithResult = await super()._make(row)
        row.uuid = made.order.uuid if made.order is not None else None
        return made

    def _identifier_in(self, found: Any) -> str | None:
        order: Order | None = found.order if isinstance(found, OrderWithResult) else found
        return super()._identifier_in(order)

    async def _change(self, row: ActiveRow) -> Any:
        return OrderWithResult(order=await super()._change(row))

    def resolve(self, row: ActiveRow, found: Any, *, ours: bool) -> bool:
        """There is only the one write; what it gave is not shown any more."""
        done = super().resolve(row, found, ours=ours)
        row.result, row.uuid = OrderWithResult(order=found), found.uuid
        return done
