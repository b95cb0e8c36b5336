"""What a receiver answers."""

from __future__ import annotations

import attrs


@attrs.frozen
class WebhookAnswer:
    """An answer to a delivery: 2xx ends it, anything else has Leat deliver it again.

    `status`: the HTTP status. `body`: a few bytes of JSON that say why. `headers`: names with values.
    """

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def leaves_body(self) -> bool:
        """Whether the body was not read to its end, so that nothing else can come on that connection."""
        return self.status in (408, 413)


def _answer(status: int, what: str, *headers: tuple[str, str]) -> WebhookAnswer:
    body = f'{{"status":"{what}"}}'.encode()
    return WebhookAnswer(status, body, (("Content-Type", "application/json"), *headers))


_LATER = ("Retry-After", "10")
HANDLED = _answer(200, "handled")
STORED = _answer(200, "stored")
DUPLICATE = _answer(200, "duplicate")
UNREADABLE = _answer(400, "unreadable")
FORGED = _answer(401, "signature missing or wrong")
NOT_POST = _answer(405, "POST only", ("Allow", "POST"))
TOO_SLOW = _answer(408, "body too slow")
TOO_LARGE = _answer(413, "body too large")
FAILED = _answer(500, "handler failed")
BUSY = _answer(503, "being handled", _LATER)
LATE = _answer(503, "handler not done in time", _LATER)
NO_STORE = _answer(503, "store out of reach", _LATER)
