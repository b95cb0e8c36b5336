"""Shifts, their teams and types."""

from __future__ import annotations

import datetime as dt

import attrs

from ._base import Model
from .contacts import ContactReference


@attrs.frozen(kw_only=True)
class Shift(Model):
    """A working shift of a contact."""

    uuid: str = ""
    contact: ContactReference | None = None
    external_id: str | None = None
    team_uuid: str | None = None
    shift_type_uuid: str | None = None
    status: str | None = None
    break_in_minutes: int | None = None
    net_duration_in_minutes: int | None = None
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    created_at: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class ShiftTeam(Model):
    """A team that shifts belong to."""

    uuid: str = ""
    name: str | None = None
    created_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class ShiftType(Model):
    """A kind of shift."""

    uuid: str = ""
    name: str | None = None
    description: str | None = None
    created_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None
