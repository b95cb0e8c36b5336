"""Logos, colours and font of the account."""

from __future__ import annotations

from typing import Any

from ..engine import Call
from ..routing import OAUTH, Route


def get(call: Call) -> dict[str, Any]:
    """Fetch the brand kit; it is the same for everybody, and cannot be changed through the API."""
    return {
        "small_logo_url": "https://leat.com/sandbox/logo-small.png",
        "large_logo_url": "https://leat.com/sandbox/logo-large.png",
        "primary_color": "#1f6f5c",
        "secondary_color": "#f2efe6",
        "tertiary_color": "#d98e32",
        "quarternary_color": "#2b2b2b",  # spelled so
        "font_family": "Arial",
    }


ROUTES = (Route("brand_kit.get", "GET", "/brand-kit", get, roots=OAUTH),)
