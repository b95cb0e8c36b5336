"""Tokens."""

from __future__ import annotations

import attrs

from ._base import Model


@attrs.frozen(kw_only=True)
class AccessToken(Model):
    """A token for the API, which does not show in a repr; `expires_in` is in seconds."""

    token_type: str | None = None
    expires_in: int | None = None
    access_token: str | None = attrs.field(default=None, repr=False)
