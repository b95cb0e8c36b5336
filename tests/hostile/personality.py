"""How a server is: which faults it has, how often, and what it then says. `server.py` serves them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import attrs

# Faults by family; a personality has a few families, and spoils a share of the requests with one of their faults.
FAMILIES: dict[str, tuple[str, ...]] = {
    "late": ("late",),
    "very late": ("very_late",),
    "dies": ("dies_before", "dies_after", "dies_in_head", "dies_in_body", "dies_idle"),
    "lies": ("lies", "lies_applied", "odd_success"),
    "stray": ("stray_at_once", "stray_soon", "answer_of_another"),
    "stale": ("stale",),
    "statuses": ("status", "status_applied"),
    "waits": ("waits",),
    "rights": ("no_rights", "no_token"),
    "drips": ("drips", "drips_too_long"),
    "framing": (
        "chunked",
        "packed",
        "closes",
        "informs",
        "length_too_short",
        "length_too_long",
        "old_protocol",
        "mistyped",
    ),
}
PAGE = b"<!DOCTYPE html><html><head><title>Please wait</title></head><body>Checking your browser</body></html>"
LIES: tuple[tuple[int, str, bytes], ...] = (
    (200, "text/html", PAGE),
    (200, "application/json", b""),
    (200, "application/json", b"{}"),
    (200, "application/json", b"[]"),
    (200, "application/json", b"null"),
    (200, "application/json", b'"OK"'),
    (200, "text/plain", b"OK"),
    (200, "application/json", PAGE),
    (200, "application/json", b'{"message":"Server Error","code":1000,"status_code":500}'),
    (200, "application/json", b'{"error":"upstream request timeout"}'),
    (200, "application/json", b'{"success":true}'),
    (201, "text/html", PAGE),
    (202, "application/json", b'{"message":"Accepted"}'),
    (204, "", b""),
    (206, "text/html", PAGE),
)
# Answers that only the API itself can have given, although nothing can be made of them.
ODD_SUCCESSES: tuple[bytes, ...] = (b'{"data":null,"meta":[]}', b'{"data":{"uuid":"', b'{"data":{},"meta":[]}')
# What stands between a client and the API says these, with a page of its own.
STATUSES = (
    *(301, 302, 303, 307, 308),
    *(
        400,
        403,
        404,
        405,
        406,
        408,
        409,
        410,
        411,
        413,
        414,
        415,
        418,
        421,
        422,
        423,
        424,
        425,
        431,
        451,
        460,
        494,
        499,
    ),
    *(500, 501, 502, 503, 504, 505, 507, 508, 520, 521, 522, 523, 524, 525, 529, 530, 598, 599),
)
# What gateways write into their refusals; none of it has a code of the API's.
GATEWAYS: tuple[tuple[str, bytes], ...] = (
    ("text/html", PAGE),
    ("", b""),
    ("text/plain", b"error code: 1015"),
    ("application/json", b'{"message":""}'),
    ("application/json", b'{"message":"Forbidden"}'),
    ("application/json", b'{"message":"no Route matched with those values"}'),
    ("application/json", b'{"statusCode":404,"message":"Resource not found"}'),
    ("application/json", b'{"error":{"code":"404","message":"The requested URL was not found"}}'),
    ("application/json", b'{"success":false,"errors":[{"code":1015,"message":"You are being rate limited"}]}'),
    ("application/json", b'{"fault":{"faultstring":"Gateway Timeout"}}'),
    ("application/json", b"["),
    ("application/xml", b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"),
)
# With a message in JSON these say that the request went nowhere, and nobody says so of one that arrived.
NOT_PASSED_ON = (401, 403, 404, 405, 413)
REASONS = {200: "OK", 302: "Found", 404: "Not Found", 429: "Too Many Requests", 502: "Bad Gateway"}
WAITS = (None, None, "0", "-3", "soon", "", "1", "2", "0.5", "١", "1, 2", "Wed, 21 Oct 2015 07:28:00 GMT", "nan")


@attrs.frozen(kw_only=True)
class Personality:
    """How a server is: which faults, how often, how many at most, and how its book is kept.

    timeout and grace are those of the client, in real seconds: lateness is measured against them.
    """

    seed: object = 0
    faults: tuple[str, ...] = ()
    share: float = 0.3
    most: int = 25
    timeout: float = 0.3
    grace: float = 0.8
    book: dict[str, Any] = attrs.field(factory=dict)

    @classmethod
    def of(cls, seed: object, *, among: Sequence[str] = tuple(FAMILIES), **given: Any) -> Personality:
        """The personality of a seed, its faults from these families."""
        draw = random.Random(f"personality {seed}")
        unique = draw.random() < 0.5
        families = [name for name in among if unique or name != "very late"]
        chosen = draw.sample(families, min(len(families), draw.randint(1, 4)))
        book: dict[str, Any] = {
            "unique": unique,
            "trims": draw.random() < 0.7,
            "folds": unique and draw.random() < 0.3,
            "largest": draw.choice([2, 5, 500]),
            "newest_first": draw.random() < 0.5,
            "strangers": draw.choice([0.0, 0.0, 0.5]),
            "ahead": draw.choice([0.0, 0.0, 3600.0, -3600.0, 86400.0, -15.0]),
        }
        faults = tuple(fault for name in chosen for fault in FAMILIES[name])
        return cls(seed=seed, faults=faults, share=draw.choice([0.1, 0.3, 0.6]), book=book, **given)
