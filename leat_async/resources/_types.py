"""Types that several resources' signatures use."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, TypeAlias, TypedDict
from uuid import UUID

from msgspec import Meta

from .._core.annotations import Echoed, Mark
from .._core.params import Window

Id: TypeAlias = str | UUID
"""An identifier."""

ImpliedByRegister: TypeAlias = Annotated[Id, Mark.IMPLIED_BY_REGISTER]
"""Text that must be given, save under the Register API, whose token implies it."""

EchoedUuid: TypeAlias = Annotated[Id, Echoed("uuid")]
EchoedContact: TypeAlias = Annotated[Id, Echoed("contact.uuid")]
EchoedExternalId: TypeAlias = Annotated[Id, Echoed("external_id")]
Address: TypeAlias = Annotated[str, Echoed("email")]

MaybeEmpty: TypeAlias = Annotated[str, Meta(min_length=0)]
"""Text that may be empty."""

Positive: TypeAlias = Annotated[int, Meta(ge=1)]
NotNegative: TypeAlias = Annotated[int, Meta(ge=0)]
UpTo30: TypeAlias = Annotated[int, Meta(ge=0, le=30)]
UpTo100: TypeAlias = Annotated[int, Meta(ge=0, le=100)]
UpTo500: TypeAlias = Annotated[int, Meta(ge=0, le=500)]

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


MomentWindow: TypeAlias = Annotated[MomentBounds, Window()]
"""Bounds on a moment, of which at least one is given."""

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

    label: MaybeEmpty
    value: str | int
