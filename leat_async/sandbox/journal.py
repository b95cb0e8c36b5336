"""What was asked and what was answered: bounded, queryable, secrets masked."""

from __future__ import annotations

import difflib
import re
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import attrs

from .routing import Route

KEPT_BYTES = 4096  # of each body
MASK = "***"

_FIELDS = r"client_secret|access_token|auth_token|token|secret|custom_app_login_url|custom_app_login_code|hash|passcode"
_PATH_SECRET = re.compile(r"(/contact-session-tokens/)[^/]+")
_JSON_SECRET = re.compile(rf'("(?:{_FIELDS})"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^,}}\]]+)', re.IGNORECASE)
_FORM_SECRET = re.compile(rf"\b((?:{_FIELDS})=)[^&\s]*", re.IGNORECASE)
_LINK_SECRET = re.compile(r"([?&]token=|portal-sessions\?uuid=)[^\"'&\s\\]+")
_PART_SECRET = re.compile(rf'(name="(?:{_FIELDS})"\r\n\r\n)[^\r]*', re.IGNORECASE)


def masked(text: str) -> str:
    """The text without the values of secrets in it."""
    text = _JSON_SECRET.sub(rf'\1"{MASK}"', text)
    text = _LINK_SECRET.sub(rf"\1{MASK}", text)
    return _PART_SECRET.sub(rf"\1{MASK}", _FORM_SECRET.sub(rf"\1{MASK}", text))


@attrs.define(slots=True)
class Entry:
    """One request and its answer."""

    at: float
    method: str
    route: Route | None
    fault: str | None
    target: str = attrs.field(repr=False)
    content_type: str
    raw_body: bytes = attrs.field(repr=False)
    number: int = 0
    status: int | None = None
    applied: str = "no"
    unknown: tuple[str, ...] = ()
    hint: str | None = None
    raw_answer: bytes = attrs.field(default=b"", repr=False)

    @property
    def operation(self) -> str | None:
        """The operation that was meant, if the path is one of the API's."""
        return self.route.operation if self.route else None

    def answered(self, status: int | None, body: bytes) -> None:
        """Keep what was answered; no status stands for no answer."""
        self.status = status
        self.raw_answer = body[:KEPT_BYTES] if len(body) > KEPT_BYTES else body

    @property
    def path(self) -> str:
        """The path that was asked for."""
        return _PATH_SECRET.sub(rf"\1{MASK}", self.target.partition("?")[0])

    @property
    def query(self) -> str:
        """The query as sent."""
        return masked(self.target.partition("?")[2])

    @property
    def body(self) -> str:
        """The request's body."""
        return masked(self.raw_body.decode("utf-8", "replace"))

    @property
    def answer(self) -> str:
        """The answer's body, as far as there was one."""
        return masked(self.raw_answer.decode("utf-8", "replace"))

    @property
    def notes(self) -> list[str]:
        """What was probably meant where something missed: parameters nobody reads, other routes."""
        notes = [self.hint] if self.hint else []
        known: frozenset[str] = self.route.known if self.route else frozenset()
        for name in self.unknown:
            close = difflib.get_close_matches(name[:100], known, n=1)
            expected = close[0] if close else ", ".join(sorted(known)) or "no parameters"
            notes.append(f"you sent {name[:100]!r}, which {self.operation} ignores; it expects {expected}")
        return notes

    def describe(self) -> dict[str, Any]:
        """The entry as JSON."""
        return {
            "number": self.number, "at": self.at, "method": self.method, "path": self.path,
            "query": self.query, "operation": self.operation, "certainty": self.route.certainty if self.route else None,
            "content_type": self.content_type, "body": self.body, "status": self.status,
            "answer": self.answer, "fault": self.fault, "applied": self.applied, "notes": self.notes,
        }  # fmt: skip


class Journal:
    """The latest requests, and how many there were of each operation."""

    def __init__(
        self, size: int, lock: AbstractContextManager[Any], settle: Callable[[], object] = lambda: None
    ) -> None:
        self._lock = lock
        self._settle = settle
        self._entries: deque[Entry] = deque(maxlen=size)
        self._cleared: deque[Entry] = deque()  # freed little by little, so that a reset need not wait for it
        self._counts: dict[str, int] = {}
        self.total = 0

    def record(self, entry: Entry) -> None:
        """Write a request down; the answer is filled in when there is one."""
        self.total += 1
        entry.number = self.total
        if len(entry.raw_body) > KEPT_BYTES:
            entry.raw_body = entry.raw_body[:KEPT_BYTES]
        self._entries.append(entry)
        if self._cleared:
            self._cleared.pop()
        operation = entry.route.operation if entry.route else "unknown"
        self._counts[operation] = self._counts.get(operation, 0) + 1

    def entries(
        self,
        operation: str | None = None,
        *,
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
        fault: str | None = None,
        applied: str | None = None,
        last: int | None = None,
    ) -> list[Entry]:
        """The kept entries that fit, oldest first; `last` takes that many from the end."""
        with self._lock:
            self._settle()
            found = [
                entry
                for entry in self._entries
                if (operation is None or entry.operation == operation)
                and (method is None or entry.method == method)
                and (path is None or entry.path == path)
                and (status is None or entry.status == status)
                and (fault is None or entry.fault == fault)
                and (applied is None or entry.applied == applied)
            ]
        return found if last is None else found[max(0, len(found) - last) :]

    def counts(self) -> dict[str, int]:
        """Requests per operation since the start, also of those no longer kept."""
        with self._lock:
            return dict(self._counts)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries())

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._cleared, self._entries = self._entries, deque(maxlen=self._entries.maxlen)
            self._counts.clear()
            self.total = 0
