"""Portal sessions."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs

from ._base import Model
from .account import Shop
from .contacts import ContactReference


@attrs.frozen(kw_only=True)
class PortalSession(Model):
    """A hosted screen at which a contact identifies and acts; whoever has its `url` is in, so no repr shows it."""

    uuid: str = attrs.field(default="", repr=False)
    url: str | None = attrs.field(default=None, repr=False)
    contact: ContactReference | None = None
    shop: Shop | None = None
    created_at: dt.datetime | None = None
    events: tuple[Any, ...] = attrs.field(default=(), hash=False)
