"""Types that several resources' signatures use."""

from __future__ import annotations

import datetime as dt
from typing import Literal, TypeAlias, TypedDict

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
