"""What a delivery says."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, cast

import attrs
import msgspec

if TYPE_CHECKING:
    from .. import models

T = TypeVar("T")
VoucherEventType: TypeAlias = Literal["voucher_created", "voucher_updated", "voucher_redeemed", "voucher_deleted"] | str
ContactEventType: TypeAlias = Literal["contact_created", "contact_updated"] | str
OtherEventType: TypeAlias = (
    Literal[
        "credit_reception_created",
        "prepaid_transaction_created",
        "form_submission_completed",
        "referral_completed",
        "contact_identifier_created",
        "reward_updated",
        "promotion_updated",
    ]
    | str
)


@attrs.frozen(kw_only=True)
class WebhookEvent:
    """What a delivery says.

    `type`: the event's name, such as "referral_completed"; an open list. `data`: what it is about, mostly an object
    under its kind's name (`data["referral"]`), sometimes the object itself. `raw`: the whole delivery, decoded, with
    every key that came. Neither of the two shows in a repr, since they are personal.

    `key`: what the event is known by, text of at most 64 characters: the same for every delivery and every call that
    is about it. As `parse` and `unwrap` make it, it tells what was delivered (equal bytes, equal key); in the handler
    of a receiver it also tells apart equal deliveries that came further apart than the receiver's window. `attempt`:
    how often a receiver has called a handler for it, this call included; from 2 on, an earlier call may have had its
    effect.
    """

    type: OtherEventType
    data: Mapping[str, Any] = attrs.field(repr=False, hash=False)
    raw: Mapping[str, Any] = attrs.field(repr=False, hash=False)
    key: str = ""
    attempt: int = 1


@attrs.frozen(kw_only=True)
class VoucherEvent(WebhookEvent):
    """A voucher was created, updated, redeemed or deleted."""

    type: VoucherEventType

    @property
    def voucher(self) -> models.Voucher:
        """The voucher, read anew on each use.

        Raises:
            ValueError: the delivery says nothing of a voucher; `data` shows what it says.
            DecodeError: a value is of a kind that a voucher can't have.

        Facts: observed in a client, in two shapes: `data["voucher"]`, and `data` itself with `contact_uuid` and
        `promotion_uuid`, which become `contact` and `promotion`. The account's attributes are in `extra`.
        """
        from ..models import Voucher

        return _read(self, "voucher", Voucher, {"contact_uuid": "contact", "promotion_uuid": "promotion"})


@attrs.frozen(kw_only=True)
class ContactEvent(WebhookEvent):
    """A contact was created or updated."""

    type: ContactEventType

    @property
    def contact(self) -> models.Contact:
        """The contact, read anew on each use: mostly little more than its `uuid` and `email`.

        Raises:
            ValueError: the delivery says nothing of a contact; `data` shows what it says.
            DecodeError: a value is of a kind that a contact can't have.

        Facts: observed in a client for "contact_updated", as `data["contact"]`; that `data` may be the contact itself
        is what the same client's description says.
        """
        from ..models import Contact

        return _read(self, "contact", Contact, {})


Event: TypeAlias = VoucherEvent | ContactEvent | WebhookEvent


def digest_of(body: bytes) -> str:
    """What deliveries with the same bytes have in common, in 32 characters."""
    return hashlib.sha256(body).hexdigest()[:32]


def parse(body: bytes | str) -> Event:
    """Read a delivery; verify it first.

    Parameters:
        body: the request's body.

    Returns:
        The event: a `VoucherEvent` where its name begins with `voucher_`, a `ContactEvent` where it is
        "contact_created", "contact_updated" or "contact_deleted", else a plain `WebhookEvent`. No source shows every
        kind of delivery, so `data` is as it came.

    Raises:
        ValueError: the body is no JSON object, or names no event.
        TypeError: the body is neither bytes nor text.

    Repeating: safe. Facts: observed in a client, whose own description names the event's key `event_type`; both are
    read.
    """
    if not isinstance(cast(object, body), (bytes, bytearray, memoryview, str)):
        raise TypeError(f"body must be the request's bytes, or its text, got {type(body).__name__}")
    try:
        raw: Any = msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the delivery is no JSON: {error}") from None
    if not isinstance(raw, dict):
        raise ValueError("the delivery is no JSON object")
    whole = cast("dict[str, Any]", raw)
    kind = whole.get("type") or whole.get("event_type")
    if not isinstance(kind, str):
        raise ValueError("the delivery names no event: neither type nor event_type is text")
    data = whole.get("data")
    if data is None or data == []:
        # PHP writes an empty object as an empty list.
        data = {}
    if not isinstance(data, dict):
        raise ValueError(f"the delivery's data is no JSON object, but {type(data).__name__}")
    made = WebhookEvent
    if kind.startswith("voucher_"):
        made = VoucherEvent
    elif kind in ("contact_created", "contact_updated", "contact_deleted"):
        made = ContactEvent
    key = digest_of(body.encode() if isinstance(body, str) else body)
    return made(type=kind, data=cast("dict[str, Any]", data), raw=whole, key=key)


def _read(event: WebhookEvent, name: str, kind: type[T], related: Mapping[str, str]) -> T:
    from .._core.codec import structure

    found: Any = event.data.get(name)
    path = f"$.data.{name}"
    if found is None and "uuid" in event.data:
        path = "$.data"
        # The object itself, with what it belongs to by uuid only.
        by_uuid = {of: {"uuid": event.data[key]} for key, of in related.items() if event.data.get(key) is not None}
        found = {**by_uuid, **event.data}
    if not isinstance(found, dict):
        has = ", ".join(sorted(event.data)) or "nothing"
        raise ValueError(f"the delivery of {event.type} says nothing of a {name}: its data has {has}")
    return structure(cast("dict[str, Any]", found), kind, path=path)
