"""Loyalty tokens without a call: addresses that let a contact claim credits.

Whoever opens such an address can claim the credits, and the API checks its hash then. Two points are not documented:
whether values are percent-encoded before they are hashed, so only values that need no encoding are taken; and how
amounts are normalised, so give the text that is to stand in the address ("10" and "10.00" are two tokens).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from decimal import Decimal
from typing import Literal
from urllib.parse import urlsplit

_PLAIN = re.compile(r"[A-Za-z0-9._~-]+", re.ASCII)
_AMOUNT = re.compile(r"\d+(\.\d+)?", re.ASCII)


def make_url(
    portal: str,
    *,
    secret: str,
    shop_uuid: str,
    unique_id: str,
    timestamp: int | dt.datetime,
    unit_name: str | None = None,
    unit_value: str | int | Decimal | None = None,
    credits: int | None = None,
    version: Literal["v1", "v2", "v3"] = "v3",
) -> str:
    """Make the address of a loyalty token.

    Parameters:
        portal: address of the account's contacts portal, such as "https://acme.com".
        secret: the account's secret, from the business dashboard; it is hashed, never part of the address.
        shop_uuid: the shop that gives the credits; its number for the older versions v1 and v2.
        unique_id: your own unique identifier of the token, such as that of an order.
        timestamp: when the token is made: Unix time in seconds, or an aware datetime.
        unit_name: the unit of `unit_value`, such as "purchase_amount".
        unit_value: value that the loyalty rules turn into credits; written as given.
        credits: number of credits instead of a unit.
        version: "v3"; or "v1" for credits and "v2" for units, which are older.

    Returns:
        The address, a secret in itself.

    Raises:
        ValueError, TypeError: a value is missing, or can't stand in the address.

    Repeating: safe, nothing is sent, and the same values give the same address. Facts: documented and checked against
    the documented hash for v3 with a unit; the order of v1 and v2 is observed, that of v3 with credits assumed: compare
    it with `loyalty_tokens.create` before relying on it.
    """
    _check_secret(secret)
    by_unit = unit_name is not None or unit_value is not None
    if by_unit == (credits is not None):
        raise ValueError("give either credits, or unit_name and unit_value")
    if (version == "v1" and by_unit) or (version == "v2" and not by_unit) or version not in ("v1", "v2", "v3"):
        raise ValueError(f"version must be 'v3', 'v1' for credits or 'v2' for a unit, got {version!r}")
    fields = {"version": version, "shop_uuid" if version == "v3" else "shop_id": _plain("shop_uuid", shop_uuid)}
    if credits is not None:
        fields["credits"] = str(_whole("credits", credits))
    fields["unique_id"] = _plain("unique_id", unique_id)
    fields["timestamp"] = str(_seconds(timestamp))
    if by_unit:
        fields["unit_name"] = _plain("unit_name", unit_name)
        fields["unit_value"] = _amount(unit_value)
    text = "&".join(f"{name}={value}" for name, value in fields.items())
    # SHA-1 is the API's choice.
    digest = hashlib.sha1(f"{text}&secret={secret}".encode(), usedforsecurity=False).hexdigest()
    return f"{_portal(portal)}/l?{text}&hash={digest}"


def _check_secret(value: object) -> None:
    if not isinstance(value, str) or not value:
        raise ValueError("secret must be the account's secret, from the business dashboard")


def _plain(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be text, got {type(value).__name__}")
    if not _PLAIN.fullmatch(value):
        raise ValueError(
            f"{name} must be of letters, digits, '.', '_', '~' and '-', got {value!r}; how others are hashed is not "
            "documented, let the API make such a token with loyalty_tokens.create"
        )
    return value


def _whole(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be a whole number, got {type(value).__name__}")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
    return value


def _seconds(value: object) -> int:
    if isinstance(value, dt.datetime):
        if value.utcoffset() is None:
            raise ValueError(f"timestamp must know its time zone: {value!r} is naive")
        return int(value.timestamp())
    return _whole("timestamp", value)


def _amount(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise TypeError(f"unit_value must be text, a whole number or a Decimal, got {type(value).__name__}")
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    if not _AMOUNT.fullmatch(text):
        raise ValueError(f"unit_value must be an amount such as '10' or '1.15', got {text!r}")
    return text


def _portal(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"portal must be text, got {type(value).__name__}")
    parts = urlsplit(value)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("portal must be the address of the contacts portal, such as 'https://acme.com'")
    return value.rstrip("/")
