"""What a run was asked for."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from ..resources.credit_receptions import IDENTITY_ATTRIBUTE
from .changes import OnChange
from .outcomes import Progress
from .store import Source


@attrs.frozen(kw_only=True)
class Options:
    """The settings of a run; see `bulk.create`."""

    concurrency: int | None = None
    on_progress: Callable[[Progress], object] | None = None
    create_contacts: bool = False
    max_errors: int | float | None = None
    grace: float = 30.0
    patience: float = 120.0
    retry_rejected: bool = False
    resend_unknown: bool = False
    accept_unknown: bool = False
    on_change: OnChange = "reject"
    clear_empty: bool = False
    batch: str | None = None
    wait: bool = False
    source: Source | None = None
    account: str | None = None
    identity_attribute: str = IDENTITY_ATTRIBUTE
    ensure_identity: bool = False
    batch_calls: bool = False
