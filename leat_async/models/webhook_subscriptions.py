"""Webhook subscriptions."""

from __future__ import annotations

import datetime as dt

import attrs

from ._base import Model


@attrs.frozen(kw_only=True)
class WebhookSubscription(Model):
    """A subscription to an event. `properties` are the contact attributes that are watched, sent as `attributes`."""

    uuid: str = ""
    name: str | None = None
    event_type: str | None = None
    url: str | None = None
    properties: tuple[str, ...] = ()
    status: str | None = None
    version: str | None = None
    created_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None
