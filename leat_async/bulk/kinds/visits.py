"""Visits and bookings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from functools import partial
from typing import Any

from ..._core.codec import encode
from ..._core.declare import operation_of
from ..._core.digests import packed, raw_digest_after
from ..._core.kept_text import kept, kept_text
from ..._core.operation import Operation, Request
from ..._core.params import Instant
from ..._core.unset import UNSET
from ...errors import ApiError, DecodeError, NotFoundError
from ...resources.bookings import Bookings
from ...resources.visits import Visits
from ..flat import flat_check
from ..identity import canonical, generated_id, key_of
from ..outcomes import Status
from ..rows import ActiveRow, Refused, Row
from ..shown import is_same_moment
from .kind import AT_A_CONTACT, KindSettings, address_in, changes_of, check_names, emptied_in
from .latest_visits import LatestVisits
from .together import MOST_ROWS, Together, Unanswered

_NAMED = ("contact_uuid", "shop_uuid")


class VisitKind:
    """Visits and bookings: one write, for a contact that may be named by address."""

    identifier = "external_id"
    together: int = 1
    found_by: frozenset[str] = AT_A_CONTACT

    def __init__(self, name: str, settings: KindSettings) -> None:
        pipeline, batch = settings.pipeline, settings.options.batch
        operation: Operation[Any] = operation_of(Visits.create if name == "visits" else Bookings.create)
        self.name = name
        self._create = operation
        self._update = operation_of(Visits.update if name == "visits" else Bookings.update)
        self._request: Callable[[bytes, dict[str, Any]], Request[Any]] = partial(Request, operation, operation.path)
        self._pipeline = pipeline
        self._health = settings.health
        self._addresses = settings.addresses
        self._api = pipeline.config.api
        self._visits = Visits(pipeline)
        self.can_ask: bool = name == "visits" and self._api in operation_of(Visits.list).apis
        self._latest = LatestVisits(self._visits, settings.health)
        self._together: Together | None = None
        if settings.options.batch_calls:
            self.together = MOST_ROWS
            many = operation_of(Visits.create_batch)
            self._together = Unanswered(
                pipeline,
                settings.health,
                request=lambda rows: Request(many, many.path, encode({"visits": rows})),
                alone=self._create_one,
                find=self.find,
                told=self._listed,
            )
        self._flat = flat_check(operation, self._api)
        self._known = dict.fromkeys((*operation.body, "contact_email", "email"))
        self._moments = tuple(name for name, param in operation.body.items() if type(param) is Instant)
        self._batch = packed("batch", batch) if batch is not None else b""
        self._clear_empty = settings.options.clear_empty
        self._content, self._external_id = packed(name, "content"), packed(name, "external_id")
        self.fingerprinted: bytes = self._content
        self.fields: Collection[str] = (*operation.body, "email")
        self.fixed: Collection[str] = {*self.fields} - self._update.body.keys()

    async def begin(self) -> str | None:
        """There is nothing to be made ready."""

    def prepare(self, index: int, given: Row) -> ActiveRow:
        """Check a row; raises `ValueError` or `TypeError`."""
        flat = self._flat(given)
        if flat is not None:
            body, text, content = flat
            return self._row(index, given, body, content, text)
        check_names(given, self._known, self._create.id)
        values = {name: kept(value) for name, value in given.items()}
        row = self._prepared(index, given, values)
        if any(type(value) is str and values[name] != value for name, value in given.items()):
            with suppress(ValueError, TypeError):  # a row that no version would have taken
                row.earlier = self._prepared(index, given, given)
        return row

    def _prepared(self, index: int, given: Row, values: Row) -> ActiveRow:
        address = address_in(values, self._create.id)
        body = {name: values.get(name, UNSET) for name in self._create.body}
        if address is None:
            sent = self._create.checked(self._api, body)
            return self._row(index, given, sent, canonical(self._create.body, sent), encode(sent))
        sent = self._create.checked(self._api, {**body, "contact_uuid": address})
        del sent["contact_uuid"]
        return self._row(index, given, sent, canonical(self._create.body, {**sent, "email": address}), None, address)

    def _row(
        self,
        index: int,
        given: Row,
        body: dict[str, Any],
        content: bytes,
        text: bytes | None,
        address: str | None = None,
    ) -> ActiveRow:
        """`text` is the body as it is sent, None if it can't be known yet."""
        serial_key, request, own, momentless = None, None, body.get("external_id"), False
        if own is not None:
            identity = serial_key = raw_digest_after(self._external_id, own.encode())
            request = self._request(text, body) if text is not None else None
        else:
            momentless = not any(body.get(name) for name in self._moments)
            identity = raw_digest_after(self._content, self._batch + content if momentless else content)
        return ActiveRow(
            index=index,
            given=given,
            identity=identity,
            content=content,
            body=body,
            address=address,
            serial_key=serial_key,
            momentless=momentless,
            request=request,
        )

    def needs_account(self, row: ActiveRow) -> bool:
        """Whether the account is part of what will be sent."""
        return row.serial_key is None

    def identify(self, row: ActiveRow, account: str) -> None:
        """Give the row an `external_id` if it has none."""
        if row.serial_key is None:
            content = self._batch + row.content if row.momentless else row.content
            row.body["external_id"] = generated_id(account, self.name, content, row.occurrence)
            if row.address is None:
                row.request = self._request(encode(row.body), row.body)

    def earlier_keys(self, row: ActiveRow) -> list[bytes]:
        """The one that it has by its texts as they were given."""
        earlier = row.earlier
        return [] if earlier is None else [key_of(earlier.identity, earlier.occurrence)]

    def write(self, row: ActiveRow) -> Awaitable[Any]:
        """Create it, or change it to what the row says."""
        if row.stage == "update":
            return self._write_change(row)
        if row.request is None:
            return self._write_located(row)
        return self._pipeline.run(row.request, row)

    async def _write_located(self, row: ActiveRow) -> Any:
        await self._locate(row)
        if self._together is None:
            return await self._create_one(row)
        # Only a row whose contact was named by its address can say it as this call wants it.
        sent = {name: value for name, value in row.body.items() if name not in _NAMED and value is not None}
        sent = {"contact_email": row.address, "business_profile_uuid": row.body["shop_uuid"], **sent}
        made = await self._together.send(row, sent)
        return made if self.resolve(row, made, ours=True) else await self._write_change(row)

    def _create_one(self, row: ActiveRow) -> Awaitable[Any]:
        return self._pipeline.run(self._request(encode(row.body), row.body), row)

    async def _listed(self, _: Any, rows: list[ActiveRow]) -> list[Any]:
        """Which of these visits the list shows among the latest."""
        listed = await self._latest.among({row.body["external_id"]: row.body["contact_uuid"] for row in rows})
        return [listed.get(row.body["external_id"]) for row in rows]

    async def _write_change(self, row: ActiveRow) -> Any:
        if row.uuid is None:
            found = await self.find(row)
            if found is None:
                raise Refused(
                    "changed since it was imported, but the uuid of what it made is not known, so it can't be updated; "
                    "change it in Leat, then run again with on_change='skip'"
                )
            row.uuid = found.uuid
        change = changes_of(self._update.body, row, clear_empty=self._clear_empty)
        return await self._pipeline.run(self._update.request(self._api, (row.uuid,), None, change), row)

    def emptied(self, row: ActiveRow) -> list[str]:
        """Those of an update that are None."""
        return emptied_in(self._update.body, row)

    def differing(self, row: ActiveRow, found: Any) -> list[str]:
        """What was given and is shown otherwise: the contact, the source and the moments."""
        names: list[str] = []
        contact, theirs = row.body.get("contact_uuid"), found.contact.uuid if found.contact is not None else None
        if contact is not None and theirs and theirs.casefold() != contact.casefold():
            names.append("email" if row.address is not None else "contact_uuid")
        for name in self._update.body:
            given = row.body.get(name)
            if given is None or name == "external_id" or not hasattr(found, name):
                continue
            shown = getattr(found, name)
            if type(self._update.body[name]) is Instant:
                if shown is None or not is_same_moment(given, shown):
                    names.append(name)
            elif (shown is not None or name == "source") and kept(shown) != given:
                names.append(name)
        return names

    async def find(self, row: ActiveRow) -> Any:
        """The visit with this row's `external_id` among those of its contact, or None."""
        if not self.can_ask:
            return None
        own = row.body["external_id"]
        found = await self._addresses.found_of(row, partial(self._locate, row), partial(self._visit_of, own))
        if found is None and self._together is not None and row.address is not None:
            # A call of many names it by its address, so whoever had that by then has it.
            contact = await self._addresses.moved_to(row.address, row.body["contact_uuid"])
            found = await self._visit_of(own, contact) if contact is not None else None
            if found is not None:
                row.body["contact_uuid"] = contact
        return found

    async def _visit_of(self, external_id: str, contact: str) -> Any:
        try:
            return await self._health.read(self._among_visits(contact, external_id))
        except NotFoundError:  # no such contact, so no such visit either
            return None

    def says_taken(self, row: ActiveRow, error: ApiError) -> bool:
        """That its `external_id` is."""
        return "external_id" in error.errors

    def says_busy(self, error: ApiError) -> bool:
        """Nothing documented says so."""
        return False

    def resolve(self, row: ActiveRow, found: Any, *, ours: bool) -> bool:
        """There is only the one write, unless a call of many left out some of what the row says."""
        row.uuid, row.result, row.status = found.uuid, found, Status.CREATED if ours else Status.EXISTED
        # What one call of its own made is what it sent; another's with this identifier is not to be written over.
        if self._together is None or not ours or row.altered or {*self.differing(row, found)} <= {*self.fixed}:
            return True
        row.stage = "update"
        return False

    async def _locate(self, row: ActiveRow) -> None:
        if row.address is not None and "contact_uuid" not in row.body:
            row.body["contact_uuid"] = await self._addresses.contact(row.address)

    async def _among_visits(self, contact_uuid: str, external_id: str) -> Any:
        strangers, others = 0, 0
        async for visit in self._visits.list(contact_uuid=contact_uuid):
            whose = visit.contact.uuid if visit.contact is not None else None
            if isinstance(whose, str) and whose.casefold() != contact_uuid.casefold():
                strangers += 1
                continue
            others += 1
            found = visit.external_id
            if found == external_id or (isinstance(found, str) and kept_text(found) == external_id):
                return visit
        if strangers and not others:
            raise DecodeError("$.data: the visits of another contact than was asked for", path="$.data")
        return None
