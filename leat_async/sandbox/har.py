"""Recorded requests: written as HAR while a sandbox serves, and read from HAR or from a journal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import responses
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import attrs

from .._version import __version__
from .files import open_private
from .journal import JournalEntry
from .params import epoch

_END = "\n]}}\n"


@attrs.frozen
class Recorded:
    """One request and its answer, as some file has them; without a status nothing was answered."""

    at: float
    method: str
    target: str
    content_type: str
    body: str
    status: int | None
    answer: str


class Recorder:
    """Writes requests to a file that is a whole HAR after each of them."""

    def __init__(self, path: Path, origin: str) -> None:
        self._file = open_private(path)
        self._origin = origin
        creator = json.dumps({"name": "leat_async.sandbox", "version": __version__})
        self._file.write(f'{{"log": {{"version": "1.2", "creator": {creator}, "entries": [')
        self._end = self._file.tell()
        self._file.write(_END)
        self._comma = "\n"

    def write(self, entry: JournalEntry) -> None:
        """Add a request that is over; secrets are masked."""
        if entry.route is None and entry.event is not None:
            return  # a delivery, which no client sent
        self._file.seek(self._end)
        self._file.write(self._comma + json.dumps(_har(entry, self._origin)))
        self._end = self._file.tell()
        self._file.write(_END)
        self._file.flush()
        self._comma = ",\n"

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _har(entry: JournalEntry, origin: str) -> dict[str, Any]:
    query, body, answer = entry.query, entry.body, entry.answer
    milliseconds = round((entry.seconds or 0.0) * 1000, 3)
    sent = {"postData": {"mimeType": entry.content_type, "text": body}} if body else {}
    status = entry.status or 0  # as browsers have it where nothing was answered
    rest: dict[str, Any] = {"httpVersion": "HTTP/1.1", "cookies": [], "headers": [], "headersSize": -1}
    return {
        "startedDateTime": datetime.fromtimestamp(entry.at, UTC).isoformat(),
        "time": milliseconds,
        "request": {
            "method": entry.method,
            "url": origin + entry.path + (f"?{query}" if query else ""),
            **rest,
            "queryString": [{"name": name, "value": value} for name, value in parse_qsl(query, True)],
            "bodySize": len(body.encode()),
            **sent,
        },
        "response": {
            "status": status,
            "statusText": responses.get(status, ""),
            **rest,
            "content": {"size": len(answer.encode()), "mimeType": "application/json", "text": answer},
            "redirectURL": "",
            "bodySize": len(answer.encode()),
        },
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "_operation": entry.operation,
        "_fault": entry.fault,
    }


def read(path: Path) -> Iterator[Recorded]:
    """The requests in a HAR, or in a journal as `/_sandbox/journal` shows it; ValueError where it is neither."""
    try:
        told: Any = json.loads(path.read_bytes())
    except ValueError:
        raise ValueError(f"{path} is no JSON, so neither a HAR nor a journal") from None
    try:
        if isinstance(told, dict) and "log" in told:
            recorded: Any = cast(Any, told)["log"]["entries"]
            for entry in recorded:
                yield _of_har(entry)
        else:
            entries: Any = cast(Any, told)["data"] if isinstance(told, dict) else told
            for entry in entries:
                yield _of_journal(entry)
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise ValueError(f"{path} is neither a HAR nor a journal: {type(problem).__name__} {problem}") from None


def _of_har(entry: Any) -> Recorded:
    request, response = entry["request"], entry["response"]
    parts = urlsplit(str(request["url"]))
    sent: Any = request.get("postData") or {}
    return Recorded(
        at=epoch(entry["startedDateTime"]),
        method=str(request["method"]),
        target=parts.path + (f"?{parts.query}" if parts.query else ""),
        content_type=str(sent.get("mimeType") or ""),
        body=str(sent.get("text") or ""),
        status=int(response["status"]) or None,
        answer=str(response["content"].get("text") or ""),
    )


def _of_journal(entry: Any) -> Recorded:
    query = str(entry.get("query") or "")
    status = entry["status"]
    return Recorded(
        at=float(entry["at"]),
        method=str(entry["method"]),
        target=str(entry["path"]) + (f"?{query}" if query else ""),
        content_type=str(entry.get("content_type") or ""),
        body=str(entry.get("body") or ""),
        status=int(status) if status is not None else None,
        answer=str(entry.get("answer") or ""),
    )
