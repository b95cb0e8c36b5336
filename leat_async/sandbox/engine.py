"""One request in, one answer out: everything but the socket."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

import attrs
import msgspec

from .clock import VirtualClock
from .errors import Refusal
from .faults import Fault, Faults
from .journal import Journal, JournalEntry
from .limiter import Limiter
from .params import validate
from .routing import Match, Root, Router
from .store import Row, StateFull, Store
from .wire import MalformedBody, parse_body, parse_query

# An order as it was sent, with its `amount` in cents, to the points that it gives.
OrderRule = Callable[[Mapping[str, Any]], int]

JSON = "application/json"
MAX_NOTES = 20
MAX_TOKENS = 1000  # from the token endpoint; the oldest makes way
_BASE = {"Content-Type": JSON, "Cache-Control": "no-cache, private", "Access-Control-Allow-Origin": "*"}
_encode = msgspec.json.Encoder().encode


@attrs.define
class Received:
    """A request as it came in, with its route and what will go wrong with it."""

    method: str
    path: str
    query: str
    authorization: str
    content_type: str
    body: bytes
    match: Match | None
    fault: Fault | None
    entry: JournalEntry
    generation: int


@attrs.define
class Reply:
    """An answer before it is written to a socket."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@attrs.define
class SandboxAnswer:
    """What a handler returns when it is more than data."""

    data: Any
    meta: Any = ()


@attrs.frozen
class Bare:
    """A body without the data wrapper."""

    body: Any
    status: int = 200


@attrs.frozen
class Token:
    """What a token may do, and until when."""

    expires_at: float | None = None
    shop_uuid: str | None = None  # set: the token of a register


class Call:
    """What a handler works with."""

    __slots__ = ("engine", "extra", "notes", "params", "path", "raw", "root", "shop_uuid", "store")

    def __init__(
        self,
        engine: SandboxEngine,
        root: Root,
        path: Mapping[str, str],
        raw: Mapping[str, Any],
        params: dict[str, Any],
        shop_uuid: str | None,
    ) -> None:
        self.engine: SandboxEngine = engine
        self.store: Store = engine.store
        self.root: Root = root
        self.path: Mapping[str, str] = path
        self.raw: Mapping[str, Any] = raw
        self.params: dict[str, Any] = params
        self.extra: dict[str, Any] = {}
        self.notes: tuple[str, ...] = ()
        self.shop_uuid: str | None = shop_uuid

    def now(self) -> int:
        """The virtual moment, in whole seconds."""
        return int(self.engine.clock.now())

    def get(self, name: str) -> Any:
        """A parameter, or None."""
        return self.params.get(name)

    def note(self, text: str) -> None:
        """Say something about this request in the journal."""
        if len(self.notes) < MAX_NOTES:
            self.notes = (*self.notes, text)

    def row(self, table: str, uuid: str | None, code: int) -> Row:
        """A row that must exist, else the documented code."""
        row = self.store[table].get(uuid)
        if row is None:
            raise Refusal(code)
        return row

    def contact(self, uuid: str | None) -> Row:
        """A contact that must exist."""
        return self.row("contacts", uuid, 55031)

    def shop(self, uuid: str | None = None) -> Row:
        """The shop of the call: the one given, or the one a register stands in."""
        return self.row("shops", uuid or self.shop_uuid, 1008)


class SandboxEngine:
    """The account, its clock, its faults and its memory of requests."""

    def __init__(
        self,
        *,
        router: Router,
        store: Store,
        clock: VirtualClock,
        faults: Faults,
        journal: Journal,
        limiter: Limiter,
        any_token: bool,
        unauthenticated: str,
        unique_external_ids: bool,
        token_lifetime: float,
    ) -> None:
        self.router = router
        self.store = store
        self.clock = clock
        self.faults = faults
        self.journal = journal
        self.limiter = limiter
        self.tokens: dict[str, Token] = {}
        self._issued = 0  # of the tokens, those that expire
        self.any_token = any_token
        self.unauthenticated = unauthenticated
        self.unique_external_ids = unique_external_ids
        self.token_lifetime = token_lifetime
        self.jobs: dict[str, Any] = {}
        self.order_rule: OrderRule | None = None
        self.generation = 0  # counts the resets
        self._next_job = 0.0  # when deferred work may be due
        self.origin = ""  # where it listens, for the links between pages
        self.shown: dict[str, tuple[Row, Row | None, int, dict[str, Any]]] = {}

    # -- time ------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Let late writes land and deferred work be done, if due."""
        if self._next_job != math.inf and self._next_job <= self.clock.now():
            self._do_jobs()
        self.clock.settle()

    def _do_jobs(self) -> None:
        jobs = self.store.tables["jobs"]
        for job in tuple(jobs.rows.values()):
            if job["due"] <= self.clock.now():
                with self.store.transaction():
                    jobs.delete(job)
                    self.jobs[job["kind"]](self.store, *job["arguments"])
        self._next_job = min((job["due"] for job in jobs.rows.values()), default=math.inf)

    def look_for_jobs(self) -> None:
        """The state was replaced, and the deferred work with it."""
        self._next_job = 0.0

    def defer(self, seconds: float, kind: str, *arguments: str) -> None:
        """Plan work that the API does some minutes after it has answered."""
        due = self.clock.now() + seconds
        self.store.insert("jobs", due=due, kind=kind, arguments=arguments)
        self._next_job = min(self._next_job, due)

    # -- a request -------------------------------------------------------------------------------

    def receive(self, method: str, target: str, authorization: str, content_type: str, body: bytes) -> Received:
        """Find the route of a request and whether it is to go wrong."""
        self.settle()
        path, _, query = target.partition("?")
        if not path.startswith("/"):  # the absolute form, as sent to a proxy
            path = "/" + path.partition("://")[2].partition("/")[2]
        match = self.router.find(method, path)
        route = match.route if match else None
        fault = None
        if self.faults.rules:
            fault = self.faults.pick(route.operation if route else None, method, path)
        kind = fault.kind if fault else None
        entry = JournalEntry(self.clock.now(), method, route, kind, target, content_type, body)
        self.journal.record(entry)
        return Received(method, path, query, authorization, content_type, body, match, fault, entry, self.generation)

    def serve(self, received: Received) -> Reply:
        """Apply a request and answer it."""
        now = self.clock.now()
        entry = received.entry
        key, token = self._token(received.authorization, now)
        match = received.match
        if match is None:
            reply = self._lost(received, self.limiter.hit(key, now, 0)[1])
        elif match.root == "host":
            reply = self._run(received, match, None, self.limiter.hit(key, now, 0)[1])
        elif token is None or (token.shop_uuid is not None and match.root != "register"):
            reply = self.unauthorized(now)
        else:
            allowed, headers = self.limiter.hit(key, now)
            reply = self._run(received, match, token, headers) if allowed else self.too_many(headers)
        entry.answered(reply.status, reply.body)
        return reply

    def _run(self, received: Received, match: Match, token: Token | None, headers: dict[str, str]) -> Reply:
        route = match.route
        entry = received.entry
        status = 400
        try:
            raw = parse_query(received.query)
            if received.body:
                raw = {**raw, **parse_body(received.content_type, received.body)}
            register = match.root == "register"
            params, errors = validate(route.at_register if register else route.parameters, raw)
            unknown = raw.keys() - route.known
            if errors:
                entry.hint = "; ".join(
                    f"you sent {name}={str(raw.get(name))[:100]!r}: {texts[0]}" if name in raw else texts[0]
                    for name, texts in list(errors.items())[:20]
                )
                raise Refusal(1003, errors)
            shop_uuid = ((token and token.shop_uuid) or self._first_shop()) if register else None
            call = Call(self, match.root, match.path, raw, params, shop_uuid)
            if unknown:
                if route.extra_keys:
                    call.extra = {name: raw[name] for name in unknown}
                else:
                    entry.unknown = tuple(name[:100] for name in islice(unknown, 20))
            self.store.begin()
            try:
                result = route.handler(call)
                self.store.commit(len(received.body))
            except BaseException:
                self.store.roll_back()
                raise
            if call.notes:
                entry.remarks = call.notes
            status = route.status
            entry.applied = "late" if received.fault and received.fault.applied == "late" else "yes"
            if isinstance(result, SandboxAnswer):
                body: Any = {"data": result.data, "meta": result.meta}
            elif isinstance(result, Bare):
                body, status = result.body, result.status
            else:
                body = {"data": result, "meta": []}
        except Refusal as refusal:
            body = refusal.body()
        except StateFull as full:
            entry.hint = str(full)
            body, status = {"message": str(full)}, 507
        except MalformedBody as problem:
            entry.hint = str(problem)
            body = Refusal(1003, {"body": [str(problem)]}).body()
        return self.reply(status, body, headers)

    def _first_shop(self) -> str | None:
        return next(iter(self.store["shops"].rows), None)

    def _lost(self, received: Received, headers: dict[str, str]) -> Reply:
        allowed = self.router.methods(received.path)
        if allowed and received.method != "OPTIONS":
            message = f"The {received.method} method is not supported for this route."
            message += f" Supported methods: {', '.join(allowed)}."
            received.entry.hint = message
            return self.reply(405, {"message": message}, {**headers, "Allow": ", ".join(allowed)})
        if allowed:
            return self.reply(200, {"data": None, "meta": []}, {**headers, "Allow": ", ".join(allowed)})
        message = f"There is no route {received.method[:20]} {received.path[:200]}."
        nearest = self.router.nearest(received.method, received.path)
        if nearest:
            message += f" Did you mean {nearest}?"
        received.entry.hint = message
        return self.reply(404, {"message": message}, headers)

    # -- answers ---------------------------------------------------------------------------------

    def reply(self, status: int, body: Any, headers: Mapping[str, str]) -> Reply:
        """A JSON answer."""
        return Reply(status, {**_BASE, **headers}, _encode(body))

    def rate_headers(self, received: Received) -> dict[str, str]:
        """The rate headers of an answer that costs nothing."""
        now = self.clock.now()
        return self.limiter.hit(self._token(received.authorization, now)[0], now, 0)[1]

    def unauthorized(self, now: float) -> Reply:
        """A 401, in the shape that was chosen: the framework's, or one with a code."""
        body: dict[str, Any] = {"message": "Unauthenticated."}
        if self.unauthenticated == "coded":
            body = {"message": "invalid_token", "code": 401, "status_code": 401}
        return self.reply(401, body, self.limiter.hit("", now, 0)[1])

    def too_many(self, headers: Mapping[str, str]) -> Reply:
        """A 429 as text, as the framework sends it."""
        return Reply(429, {**_BASE, "Content-Type": "text/html; charset=UTF-8", **headers}, b"Too Many Attempts.")

    # -- tokens ----------------------------------------------------------------------------------

    def _token(self, authorization: str, now: float) -> tuple[str, Token | None]:
        scheme, _, text = authorization.partition(" ")
        text = text.strip()
        if scheme.lower() != "bearer" or not text:
            return "", None
        token = self.tokens.get(text)
        if token is None:
            return (text, Token()) if self.any_token else ("", None)
        if token.expires_at is not None and token.expires_at <= now:
            self._forget_token(text)
            return "", None
        return text, token

    def issue_token(self) -> tuple[str, int]:
        """A new token of the client credentials kind, with its lifetime in seconds."""
        now = self.clock.now()
        if self._issued >= MAX_TOKENS:  # they last equally long, so that the first is the one that ends first
            oldest = next(name for name, token in self.tokens.items() if token.expires_at is not None)
            self._forget_token(oldest)
        digest = hashlib.blake2b(self.store.new_uuid().encode(), digest_size=20).hexdigest()
        text = f"leat-issued-{digest}"
        self.tokens[text] = Token(expires_at=now + self.token_lifetime)
        self._issued += 1
        return text, int(self.token_lifetime)

    def expire_token(self, authorization: str) -> None:
        """Make the token of a request expire, if it is one that can be renewed."""
        text = authorization.partition(" ")[2].strip()
        token = self.tokens.get(text)
        if token is not None and token.expires_at is not None:
            self._forget_token(text)

    def _forget_token(self, text: str) -> None:
        del self.tokens[text]
        self._issued -= 1

    def reset_tokens(self, given: Mapping[str, Token]) -> None:
        """Only these tokens from here on."""
        self.tokens = dict(given)
        self._issued = 0
