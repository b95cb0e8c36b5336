"""What was asked and what was answered: bounded, queryable, secrets masked."""

from __future__ import annotations

import difflib
import re
from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from typing import Any

import attrs

from .faults import KINDS
from .names import check_name
from .routing import METHODS, Route

KEPT_BYTES = 4096  # of each body, and of path and query
KEPT_TYPE = 200  # characters of a content type
MASK = "***"

_FIELDS = r"client_secret|access_token|auth_token|token|secret|custom_app_login_url|custom_app_login_code|hash|passcode"
_PATH_SECRET = re.compile(r"(/contact-session-tokens/)[^/]+")
_JSON_SECRET = re.compile(rf'("(?:{_FIELDS})"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^,}}\]]+)', re.IGNORECASE)
_FORM_SECRET = re.compile(rf"\b((?:{_FIELDS})=)[^&\s]*", re.IGNORECASE)
_LINK_SECRET = re.compile(r"([?&]token=|portal-sessions\?uuid=)[^\"'&\s\\]+")
_PART_SECRET = re.compile(rf'(name="?(?:{_FIELDS})\b"?[^\r\n]*(?:\r\n[^\r\n]+)*\r\n\r\n)[^\r]*', re.IGNORECASE)
_DATA = re.compile(r'("data"\s*:\s*)"[^"]*"?')


def masked(text: str) -> str:
    """The text without the values of secrets in it."""
    text = _JSON_SECRET.sub(rf'\1"{MASK}"', text)
    text = _LINK_SECRET.sub(rf"\1{MASK}", text)
    return _PART_SECRET.sub(rf"\1{MASK}", _FORM_SECRET.sub(rf"\1{MASK}", text))


@attrs.define(slots=True)
class JournalEntry:
    """One request and its answer."""

    at: float
    method: str
    route: Route | None
    fault: str | None
    target: str = attrs.field(repr=False)
    content_type: str
    raw_body: bytes = attrs.field(repr=False)
    number: int = 0
    event: str | None = None  # of a delivery, which goes the other way
    status: int | None = None
    applied: str = "no"
    unknown: tuple[str, ...] = ()
    hint: str | None = None
    remarks: tuple[str, ...] = ()
    seconds: float | None = None  # from the request's last byte to the answer; None: not over yet
    kept_bytes: int = KEPT_BYTES
    raw_answer: bytes = attrs.field(default=b"", repr=False)

    @property
    def operation(self) -> str | None:
        """The operation that was meant, if the path is one of the API's."""
        return self.route.operation if self.route else self.event

    def answered(self, status: int | None, body: bytes) -> None:
        """Keep what was answered; no status stands for no answer."""
        self.status = status
        self.raw_answer = body[: self.kept_bytes] if len(body) > self.kept_bytes else body

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
        text = self.raw_answer.decode("utf-8", "replace")
        if self.route is not None and self.route.secret:
            text = _DATA.sub(rf'\1"{MASK}"', text)
        return masked(text)

    @property
    def notes(self) -> list[str]:
        """What was probably meant where something missed: parameters that are not read, other routes."""
        notes = [*((self.hint,) if self.hint else ()), *self.remarks]
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
            "milliseconds": None if self.seconds is None else round(self.seconds * 1000, 3),
        }  # fmt: skip


Listener = Callable[[JournalEntry], object]


class Journal:
    """The latest requests, and how many there were of each operation."""

    def __init__(
        self,
        size: int,
        operations: Collection[str],
        lock: AbstractContextManager[Any],
        settle: Callable[[], object] = lambda: None,
    ) -> None:
        self._operations = operations
        self._lock = lock
        self._settle = settle
        self._entries: deque[JournalEntry] = deque(maxlen=size)
        self._cleared: deque[JournalEntry] = deque()  # freed little by little, so that a reset need not wait for it
        self._counts: dict[str, int] = {}
        self.total: int = 0
        self.kept_bytes: int = KEPT_BYTES
        self.listeners: list[Listener] = []  # told of each entry when its request is over

    def over(self, entry: JournalEntry, seconds: float) -> None:
        """A request is over, whatever came of it."""
        entry.seconds = seconds
        for listener in self.listeners:
            listener(entry)

    def record(self, entry: JournalEntry) -> None:
        """Write a request down; the answer is filled in when there is one."""
        self.total += 1
        entry.number = self.total
        if self.kept_bytes != KEPT_BYTES:
            entry.kept_bytes = self.kept_bytes
        if len(entry.raw_body) > self.kept_bytes:
            entry.raw_body = entry.raw_body[: self.kept_bytes]
        if len(entry.target) > KEPT_BYTES:
            entry.target = entry.target[:KEPT_BYTES]
        if len(entry.content_type) > KEPT_TYPE:
            entry.content_type = entry.content_type[:KEPT_TYPE]
        self._entries.append(entry)
        if self._cleared:
            self._cleared.pop()
        operation = entry.route.operation if entry.route else entry.event or "unknown"
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
        number: int | None = None,
        last: int | None = None,
    ) -> list[JournalEntry]:
        """The kept entries that fit, oldest first; `last` takes that many from the end."""
        if operation is not None:
            check_name("operation", operation, self._operations)
        if method is not None:
            method = check_name("method", method.upper(), METHODS)
        if fault is not None:
            check_name("fault", fault, KINDS)
        if applied is not None:
            check_name("value of applied", applied, ("yes", "no", "late"))
        with self._lock:
            self._settle()
            found = [
                entry
                for entry in self._entries
                if (number is None or entry.number == number)
                and (operation is None or entry.operation == operation)
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

    def __iter__(self) -> Iterator[JournalEntry]:
        return iter(self.entries())

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._cleared, self._entries = self._entries, deque(maxlen=self._entries.maxlen)
            self._counts.clear()
            self.total = 0
