"""What a run was asked for."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import attrs

from .._core.arguments import is_flag, is_function
from .._core.kept_text import kept_text
from .._core.params import Text, show
from ..resources.credit_receptions import IDENTITY_ATTRIBUTE
from .changes import ON_CHANGE, OnChange
from .outcomes import Progress
from .store import Source


def _whole(owner: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise ValueError(f"{attribute.name} must be a whole number of at least 1, or None, got {value!r}")


def _limit(owner: object, attribute: attrs.Attribute[Any], value: object) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if value is not None and not whole and not (isinstance(value, float) and 0 <= value < 1):
        raise ValueError(
            f"{attribute.name} must be a whole number, or a share of at least 0 and below 1, got {value!r}"
        )


def _seconds(owner: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{attribute.name} must be seconds, 0 or more, got {value!r}")


def _one_of(owner: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value not in ON_CHANGE:
        raise ValueError(f"{attribute.name} must be one of {', '.join(map(repr, ON_CHANGE))}, got {show(value)}")


def _batch(owner: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    if value is not None and kept_text(Text(empty=True).wire(attribute.name, value)) is None:
        raise ValueError(f"{attribute.name} must be a name, such as '2026-05-01', got an empty text")


def _source(owner: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None and not isinstance(value, Source):
        raise TypeError(f"{attribute.name} must be a bulk.Source, got {show(value)}")


def _text(owner: object, attribute: attrs.Attribute[Any], value: object) -> None:
    Text().wire(attribute.name, value)


@attrs.frozen(kw_only=True)
class Options:
    """The settings of a run; see `bulk.create`. Raises `ValueError` and `TypeError` for what none can have."""

    concurrency: int | None = attrs.field(default=None, validator=_whole)
    on_progress: Callable[[Progress], object] | None = attrs.field(default=None, validator=is_function)
    create_contacts: bool = attrs.field(default=False, validator=is_flag)
    max_errors: int | float | None = attrs.field(default=None, validator=_limit)
    grace: float = attrs.field(default=30.0, validator=_seconds)
    patience: float = attrs.field(default=120.0, validator=_seconds)
    retry_rejected: bool = attrs.field(default=False, validator=is_flag)
    resend_unknown: bool = attrs.field(default=False, validator=is_flag)
    accept_unknown: bool = attrs.field(default=False, validator=is_flag)
    on_change: OnChange = attrs.field(default="reject", validator=_one_of)
    clear_empty: bool = attrs.field(default=False, validator=is_flag)
    batch: str | None = attrs.field(default=None, validator=_batch)
    wait: bool = attrs.field(default=False, validator=is_flag)
    source: Source | None = attrs.field(default=None, validator=_source)
    account: str | None = attrs.field(default=None, validator=attrs.validators.optional(_text))
    identity_attribute: str = attrs.field(default=IDENTITY_ATTRIBUTE, validator=_text)
    ensure_identity: bool = attrs.field(default=False, validator=is_flag)
    batch_calls: bool = attrs.field(default=False, validator=is_flag)

    def __attrs_post_init__(self) -> None:
        if self.resend_unknown and self.accept_unknown:
            raise ValueError("resend_unknown and accept_unknown exclude each other; give one")
