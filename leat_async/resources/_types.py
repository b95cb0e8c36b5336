"""Types that several resources' signatures use."""

from __future__ import annotations

import datetime as dt
from typing import Literal, TypeAlias, TypedDict

from .._core.params import Items, Object, Text, TextOrInteger

Moment: TypeAlias = dt.datetime | str
"""An aware datetime, or ISO 8601 text with an offset."""

CreatedAtSort: TypeAlias = Literal["created_at", "-created_at"] | str
"""Oldest first, or newest first."""


TransactionFilter: TypeAlias = Literal["credit_receptions", "reward_receptions"] | str
"""A kind of loyalty transactions."""


class MomentBounds(TypedDict, total=False):
    """Bounds on a moment: strictly after, at or after, strictly before, at or before."""

    gt: Moment
    gte: Moment
    lt: Moment
    lte: Moment


AttributeEntity: TypeAlias = (
    Literal[
        "business_profiles",
        "contact",
        "reward",
        "promotion",
        "voucher",
        "giftcard",
        "giftcard_transaction",
        "prepaid",
        "booking",
        "visit",
        "shift",
    ]
    | str
)
"""A kind of object that can have custom attributes."""

AttributeType: TypeAlias = (
    Literal[
        "url",
        "text",
        "date",
        "phone",
        "float",
        "color",
        "email",
        "number",
        "select",
        "boolean",
        "rich_text",
        "date_time",
        "long_text",
        "date_range",
        "time_range",
        "identifier",
        "birth_date",
        "file_upload",
        "media_upload",
        "multi_select",
        "license_plate",
    ]
    | str
)
"""What kind of values an attribute holds."""


class AttributeChoice(TypedDict):
    """A choice of a select attribute; the API stores a number as text."""

    label: str
    value: str | int


ATTRIBUTE_ENTITY = Text(
    required=True,
    values=(
        "business_profiles",
        "contact",
        "reward",
        "promotion",
        "voucher",
        "giftcard",
        "giftcard_transaction",
        "prepaid",
        "booking",
        "visit",
        "shift",
    ),
)
ATTRIBUTE_TYPE = Text(
    required=True,
    values=(
        "url",
        "text",
        "date",
        "phone",
        "float",
        "color",
        "email",
        "number",
        "select",
        "boolean",
        "rich_text",
        "date_time",
        "long_text",
        "date_range",
        "time_range",
        "identifier",
        "birth_date",
        "file_upload",
        "media_upload",
        "multi_select",
        "license_plate",
    ),
)
ATTRIBUTE_CHOICES = Items(
    of=Object(fields={"label": Text(required=True, empty=True), "value": TextOrInteger(required=True)})
)
