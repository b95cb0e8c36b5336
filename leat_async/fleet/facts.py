"""What an import must know of the account: its shops, units and promotions, and the attributes of what it makes."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from ..tables.table import ImportKind
from ..tables.targets import ROW_KINDS, AttributeType, KnownNames

if TYPE_CHECKING:
    from ..client import LeatClient
    from ..models import Attribute


T = TypeVar("T")


@attrs.frozen
class AccountFacts:
    """Shops (uuid and name), attributes, and readers of what else goes by name; None where the account did not tell."""

    name: str | None = None
    shops: tuple[tuple[str, str], ...] | None = None
    attributes: tuple[AttributeType, ...] | None = None
    names: Mapping[str, KnownNames] = attrs.field(factory=dict[str, KnownNames])
    notes: tuple[str, ...] = ()


async def look_up(leat: LeatClient, kind: ImportKind) -> AccountFacts:
    """Ask the account for what rows of this kind are checked against. Raises `LeatError`."""
    notes: list[str] = []

    async def told(what: str, pairs: Awaitable[tuple[T, ...]]) -> tuple[T, ...] | None:
        from ..errors import NotFoundError, PermissionDeniedError

        try:
            return await pairs
        except (PermissionDeniedError, NotFoundError) as error:
            notes.append(f"the account does not tell its {what} ({error}); they are not checked")
            return None

    readers = ROW_KINDS[kind].readers
    shops = attributes = None
    names: dict[str, KnownNames] = {}
    if "shop_uuid" in readers:
        shops = await told("shops", _shops(leat))
    for target, one, asked in (("unit_name", "unit", _units), ("promotion_uuid", "promotion", _promotions)):
        if target in readers and (known := await told(f"{one}s", asked(leat))) is not None:
            names[target] = KnownNames(one, known)
    if ROW_KINDS[kind].attributes is not None:
        attributes = await told(f"attributes of {kind.replace('_', ' ')}", _attributes(leat, kind))
    return AccountFacts(shops=shops, attributes=attributes, names=names, notes=tuple(notes))


async def _shops(leat: LeatClient) -> tuple[tuple[str, str], ...]:
    return tuple([(shop.uuid, shop.name or "") async for shop in leat.shops.list()])


async def _units(leat: LeatClient) -> tuple[tuple[str, str], ...]:
    # The API goes by their names; people by what they are shown as.
    return tuple([(unit.name or "", unit.label or "") async for unit in leat.units.list()])


async def _promotions(leat: LeatClient) -> tuple[tuple[str, str], ...]:
    return tuple([(promotion.uuid, promotion.name or "") async for promotion in leat.promotions.list()])


async def _attributes(leat: LeatClient, kind: ImportKind) -> tuple[AttributeType, ...]:
    if kind == "contacts":
        listed = leat.contact_attributes.list()
    elif kind == "vouchers":
        listed = leat.custom_attributes.list(entity="voucher")
    else:
        listed = leat.loyalty_transaction_attributes.list()
    return tuple([_type_of(attribute) async for attribute in listed])


def _type_of(attribute: Attribute) -> AttributeType:
    options: Any = attribute.options
    if hasattr(options, "items"):
        found = [(value, str(label)) for value, label in options.items()]
    else:
        found = [
            (option.value, option.label or option.name or str(option.value))
            for option in options
            if option.value is not None and not option.disabled
        ]
    return AttributeType(
        name=attribute.name or "",
        label=attribute.label or "",
        type=attribute.type or attribute.field_type or "text",
        options=tuple(found),
    )
