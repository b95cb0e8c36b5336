"""What rows may be made of: the parameters of each kind, attributes of contacts, shops."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from . import text_cells, values
from .moments import ValueRules
from .table import ImportKind, snippet


@attrs.frozen
class Need:
    """What every row must have: one of these parameters, of which the first is proposed; and what that is."""

    targets: tuple[str, ...]
    what: str
    verb: str = "names"
    several: bool = False


@attrs.frozen
class RowKind:
    """Rows of a kind, as a file has them.

    `readers`: how the cells of each parameter are read. `needs`: what no row can do without. `identifier`: the
    parameter that `--id` fills. `attributes`: the parameter that holds values of the account's own attributes, if rows
    have such. `renamed`: targets that are another way to write a parameter. `moment`: rows tell when something was.
    """

    readers: Mapping[str, values.CellReader]
    needs: tuple[Need, ...]
    identifier: str | None = None
    attributes: str | None = None
    renamed: Mapping[str, str] = {}
    moment: bool = False


_CONTACT: Mapping[str, values.CellReader] = {"contact_uuid": values.identifier, "contact_email": values.email}
_BY_CONTACT = Need(("contact_email", "contact_uuid"), "the contact")
_AT_SHOP = Need(("shop_uuid",), "the shop")
_VISITS: Mapping[str, values.CellReader] = {
    **_CONTACT,
    "shop_uuid": values.identifier,
    "external_id": values.identifier,
    "source": values.text,
    "starts_at": values.moment,
    "ends_at": values.moment,
}
_KEYED = Need(("external_identifier",), "the external identifier", "holds")
ROW_KINDS: Mapping[ImportKind, RowKind] = {
    "visits": RowKind(_VISITS, (_BY_CONTACT, _AT_SHOP), "external_id", moment=True),
    "bookings": RowKind(
        {
            **_VISITS,
            "checked_in_at": values.moment,
            "number_of_people": values.count,
            "company_name": values.text,
            "status": values.text,
            "prepaid_amount": values.cents,
            "prepaid_euros": values.euros,
        },
        (_BY_CONTACT, _AT_SHOP),
        "external_id",
        renamed={"prepaid_euros": "prepaid_amount"},
        moment=True,
    ),
    "contacts": RowKind(
        {"email": values.email, "referral_code": values.identifier},
        (Need(("email",), "the e-mail address", "holds"),),
        attributes="attributes",
    ),
    "credit_receptions": RowKind(
        {
            **_CONTACT,
            "shop_uuid": values.identifier,
            "credits": values.number,
            "unit_value": values.number,
            "unit_name": values.text,
            "contact_identifier_value": values.identifier,
            "pos_transaction_uuid": values.identifier,
            "identity": values.identifier,
        },
        (_BY_CONTACT, _AT_SHOP, Need(("credits", "unit_value"), "the credits or their value", "holds", several=True)),
        "identity",
        attributes="attributes",
    ),
    "contact_identifiers": RowKind(
        {"contact_identifier_value": values.identifier, "contact_identifier_name": values.text, **_CONTACT},
        (Need(("contact_identifier_value",), "the card", "holds"),),
        "contact_identifier_value",
    ),
    "products": RowKind(
        {
            "external_identifier": values.identifier,
            "name": values.text,
            "description": values.text,
            "categories": values.references,
        },
        (_KEYED, Need(("name",), "the name", "holds")),
        "external_identifier",
    ),
    "product_categories": RowKind(
        {"external_identifier": values.identifier, "name": values.text},
        (_KEYED, Need(("name",), "the name", "holds")),
        "external_identifier",
    ),
    "vouchers": RowKind(
        {
            "code": values.identifier,
            "promotion_uuid": values.identifier,
            **_CONTACT,
            "activation_date": values.moment,
            "expiration_date": values.moment,
            "total_redemptions_allowed": values.count,
        },
        (Need(("code",), "the code", "holds"), Need(("promotion_uuid",), "the promotion")),
        "code",
        attributes="custom_attributes",
    ),
    "orders": RowKind(
        {
            "external_identifier": values.identifier,
            **_CONTACT,
            "shop_uuid": values.identifier,
            "reference": values.text,
            "status": values.text,
            "payment_status": values.text,
            "currency": values.text,
            "total_order_amount": values.cents,
            "total_order_euros": values.euros,
            "order_amount": values.cents,
            "total_discount_amount": values.cents,
            "paid_at": values.moment,
            "completed_at": values.moment,
            **dict.fromkeys(("line_items", "applied_discounts", "charges", "payments"), values.objects),
        },
        (
            *(_KEYED, _BY_CONTACT, _AT_SHOP),
            *(Need(("status",), "the status", "holds"), Need(("payment_status",), "the payment status", "holds")),
            Need(("total_order_euros", "total_order_amount"), "the total", "holds"),
            Need(("line_items",), "the lines", "holds", several=True),
        ),
        "external_identifier",
        renamed={"total_order_euros": "total_order_amount"},
    ),
}
KINDS: tuple[ImportKind, ...] = tuple(ROW_KINDS)
ATTRIBUTE = "attributes."


@attrs.frozen
class AttributeType:
    """An attribute of contacts as the account defines it; `options` are value and label of each."""

    name: str
    label: str = ""
    type: str = "text"
    options: tuple[tuple[str | int, str], ...] = ()


def targets(kind: ImportKind) -> tuple[str, ...]:
    """What `--map` and `--set` may name."""
    return (*ROW_KINDS[kind].readers, *((f"{ATTRIBUTE}NAME",) if ROW_KINDS[kind].attributes is not None else ()))


@attrs.frozen
class KnownNames:
    """Reads one of several things that the account has, by what the API calls it or by its name.

    `known` are pairs of both, `one` is what each is.
    """

    one: str
    known: tuple[tuple[str, str], ...]

    def __call__(self, cell: Any, rules: ValueRules) -> str:
        written = text_cells.identifier(cell)
        if any(written == own for own, _ in self.known):
            return written
        alike = [own for own, name in self.known if " ".join(name.casefold().split()) == written.casefold()]
        if len(alike) == 1:
            return alike[0]
        if alike:
            raise ValueError(f"{len(alike)} {self.one}s are called {snippet(written)}; name one: {', '.join(alike)}")
        names = [name for _, name in self.known]
        raise ValueError(f"the account has no {self.one} {snippet(written)}{values.did_you_mean(written, names)}")


def attribute_reader(attribute: AttributeType) -> values.CellReader:
    """How the cells of an attribute are read, by its type."""
    kinds: Mapping[str, values.CellReader] = {
        "date": values.day, "birth_date": values.day, "date_time": values.moment, "number": values.number,
        "float": values.number, "boolean": values.boolean, "phone": values.phone, "email": values.email,
        "identifier": values.identifier,
    }  # fmt: skip
    if attribute.type in ("select", "multi_select") and attribute.options:
        labels = {label.casefold(): value for value, label in attribute.options}
        one = values.OneOf({**labels, **{str(value).casefold(): value for value, _ in attribute.options}})
        return one if attribute.type == "select" else values.SeveralOf(one)
    return kinds.get(attribute.type, values.text)
