"""Webhook deliveries: whether one is genuine, and what it says.

Deliveries are signed over the bytes of the body, so check those, before anything decodes or re-encodes them.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any, cast

import attrs
import msgspec


@attrs.frozen(kw_only=True)
class Event:
    """What a delivery says.

    `type`: the event's name, such as "voucher_redeemed". `data`: what it is about, mostly an object under its kind's
    name (`data["voucher"]`), sometimes the object itself. `raw`: the whole delivery, decoded. Neither of the last two
    shows in a repr, since they are personal.
    """

    type: str
    data: Mapping[str, Any] = attrs.field(repr=False, hash=False)
    raw: Mapping[str, Any] = attrs.field(repr=False, hash=False)


def verify(body: bytes, signature: str | None, secret: str | Sequence[str]) -> bool:
    """Check the signature of a delivery.

    Parameters:
        body: the request's body, as its bytes came.
        signature: the header `Signature`; None, for a request without it, is never genuine.
        secret: the subscription's secret, or the account's where the subscription has none. Several may be given, such
            as the old and the new one while a secret is being replaced; one that fits is enough.

    Returns:
        Whether the body was signed with one of the secrets; the time that takes does not tell how far it fits.

    Raises:
        TypeError: the body is no bytes, or a secret no text.
        ValueError: there is no secret, or an empty one, with which anybody could sign.

    Facts: documented; that the signature is over the bytes of the body is observed.
    """
    if not isinstance(cast(object, body), (bytes, bytearray, memoryview)):
        raise TypeError(f"body must be the request's bytes, before any decoding, got {type(body).__name__}")
    secrets = [secret] if isinstance(secret, str) else list(secret)
    if not secrets:
        raise ValueError("secret must name at least one secret; an empty list would refuse every delivery")
    for one in secrets:
        if not isinstance(cast(object, one), str):
            raise TypeError(f"secret must be text or a list of texts, got {type(one).__name__}")
        if not one:
            raise ValueError("secret must not be empty: anybody could sign with an empty secret")
    if signature is None:
        return False
    given = signature.encode("utf-8", "surrogatepass")
    fits = False
    for one in secrets:
        expected = hmac.new(one.encode(), body, hashlib.sha256).hexdigest().encode()
        fits |= hmac.compare_digest(expected, given)
    return fits


def parse(body: bytes | str) -> Event:
    """Read a delivery; verify it first.

    Parameters:
        body: the request's body.

    Returns:
        The event. No source shows every kind of delivery, so `data` is as it came, of no model; `structure` of
        `leat_async` makes one of it, such as `structure(event.data["voucher"], models.Voucher)`.

    Raises:
        ValueError: the body is no JSON object, or names no event.

    Facts: observed in one receiver, whose own description names the event's key `event_type`; both are read.
    """
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
    return Event(type=kind, data=cast("dict[str, Any]", data), raw=whole)
