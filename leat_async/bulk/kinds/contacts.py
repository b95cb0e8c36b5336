"""Contacts."""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from ..._core.codec import encode
from ..._core.declare import operation_of
from ..._core.digests import packed, raw_digest
from ..._core.kept_text import kept
from ..._core.operation import Request
from ..._core.unset import UNSET
from ...errors import AlreadyExistsError, ApiError, NotFoundError, OutcomeUnknownError
from ...models import Contact
from ...resources._base import or_none
from ...resources.contacts import Contacts
from ..addresses import contact_of
from ..fingerprints import has_field
from ..identity import canonical, identified, normalised
from ..outcomes import Status
from ..rows import ActiveRow, Found, Refused, Row
from ..shown import is_shown
from .kind import KindSettings, kept_values
from .together import MOST_ROWS, Together, Unanswered

_CONTACT: dict[str, None] = dict.fromkeys(("email", "referral_code", "attributes"))


class ContactKind:
    """Contacts: looked for, created if missing, then given their attributes."""

    name = "contacts"
    identifier = "email"
    together: int = 1
    can_ask = True

    fields: Collection[str] = ("email", "referral_code")
    # The address is the identity, and a code is taken only when a contact is made.
    fixed: Collection[str] = ("referral_code",)
    found_by: frozenset[str] = frozenset()

    def __init__(self, settings: KindSettings) -> None:
        self._pipeline = settings.pipeline
        self._health = settings.health
        self._api = settings.pipeline.config.api
        self._contacts = Contacts(settings.pipeline)
        self._book = settings.addresses.book
        self._clear_empty = settings.options.clear_empty
        self.fingerprinted: bytes = packed(self.name, "content")
        self._together: Together | None = None
        if settings.options.batch_calls:
            self.together = MOST_ROWS
            many = operation_of(Contacts.create_batch)
            self._together = Unanswered(
                self._pipeline,
                self._health,
                request=lambda rows: Request(many, many.path, encode({"contacts": rows})),
                alone=self._create,
                find=self.find,
                told=self._listed,
            )

    async def begin(self) -> str | None:
        """There is nothing to be made ready."""

    def prepare(self, index: int, given: Row) -> ActiveRow:
        """Check a row; raises `ValueError` or `TypeError`."""
        create = operation_of(Contacts.create)
        values = kept_values(given, _CONTACT, create.id)
        if given.get("email") in (None, UNSET):
            raise ValueError(f"{create.id}: email is required")
        address = normalised(given["email"])
        body = {"email": address, "referral_code": values.get("referral_code", UNSET)}
        request = create.request(self._api, (), None, body)
        attributes: Mapping[str, Any] | None = values.get("attributes") or None
        if attributes is not None:
            self._update(address, attributes)
        flat = {f"attributes.{name}": value for name, value in (attributes or {}).items()}
        identity = identified(self.name, address)
        return ActiveRow(
            index=index,
            given=given,
            identity=identity,
            content=canonical({}, {**body, **flat}),
            body=body,
            address=address,
            serial_key=identity,
            request=request,
            attributes=attributes,
            stage="look",
        )

    def _update(self, contact: str, attributes: Mapping[str, Any]) -> Request[Any]:
        return operation_of(Contacts.update).request(self._api, (contact,), None, {"attributes": attributes})

    def needs_account(self, row: ActiveRow) -> bool:
        """An address is all that is sent."""
        return False

    def identify(self, row: ActiveRow, account: str) -> None:
        """An address is identity enough."""

    def earlier_keys(self, row: ActiveRow) -> list[bytes]:
        """They were made of all of the content, its texts as they are kept and, before that, as they were given."""
        keys: list[bytes] = []
        for values in ({name: kept(value) for name, value in row.given.items()}, row.given):
            content = {
                "email": row.address,
                "referral_code": values.get("referral_code", UNSET),
                "attributes": values.get("attributes") or None,
            }
            with suppress(ValueError, TypeError):  # a row that no version would have taken
                keys.append(raw_digest(self.name, "content", canonical({}, content)))
        return keys

    async def write(self, row: ActiveRow) -> Any:
        """Look, create, update: whatever of these is left."""
        if row.stage == "look":
            # Only looking before can tell a contact that was there from one that a lost answer made.
            existing = await self._look(row)
            if existing is not None:
                raise Found(existing)
        if row.stage != "update":
            row.stage = "create"
            made = await self._make(row)
            if self.resolve(row, made, ours=True):
                if row.status is Status.EXISTED:
                    raise Found(made)
                return row.result
        sent = self._sent(row)
        if sent:  # the API refuses an update of nothing, such as of attributes that became empty
            row.result = await self._write(self._update(await self._whose(row), sent), row)
        return row.result

    async def _make(self, row: ActiveRow) -> Any:
        if self._together is None or row.body["referral_code"] not in (None, UNSET):
            return await self._create(row)
        values = [{"name": name, "value": value} for name, value in (row.attributes or {}).items() if value is not None]
        sent = {"email": row.address, **({"custom_attributes": values} if values else {})}
        try:
            return await self._together.send(row, sent)
        except Found as found:
            # It was not there before, so a call that was refused has made it all the same.
            return found.found

    async def _create(self, row: ActiveRow) -> Any:
        assert row.request is not None
        return await self._write(row.request, row)

    async def _listed(self, _: Any, rows: list[ActiveRow]) -> list[Any]:
        """Which of these contacts the list shows, or where there is none, which are found."""
        if self._book is not None:
            await self._book.wanted()
        if self._book is None or not self._book.whole:
            return [await self.find(row) for row in rows]
        await self._book.catch_up()
        return [self._book.find(row.address or "") for row in rows]

    async def _look(self, row: ActiveRow) -> Any:
        """The contact, as the list of all has it, or as it is found where there is no such list."""
        if self._book is not None:
            await self._book.wanted()
            address = row.address or ""
            if self._book.whole and ((found := self._book.find(address)) or not self._book.remembers(address)):
                return found
        return await self.find(row)

    async def _whose(self, row: ActiveRow) -> str:
        if row.uuid is None:
            found = await self.find(row)
            if found is None:
                raise Refused(f"there is no contact {row.address} any more, although it was imported")
            row.uuid = found.uuid
        return row.uuid or ""

    def _sent(self, row: ActiveRow) -> dict[str, Any]:
        """The attributes that an update is to set."""
        had = row.before.content if row.before is not None else b""
        return {
            name: value
            for name, value in (row.attributes or {}).items()
            if value is not None
            or row.status is Status.CREATED
            or (self._clear_empty and (not had or has_field(had, f"attributes.{name}")))
        }

    def emptied(self, row: ActiveRow) -> list[str]:
        """The attributes that are None."""
        return [f"attributes.{name}" for name, value in (row.attributes or {}).items() if value is None]

    def differing(self, row: ActiveRow, found: Any, *, filled: bool = False) -> list[str]:
        """The attributes that are shown otherwise; only those with a value if they are to be `filled`."""
        shown = {each.attribute.name: each.value for each in found.attributes if each.attribute is not None}
        shown = {**shown, **found.current_values}
        return [
            f"attributes.{name}"
            for name, value in (row.attributes or {}).items()
            if value is not None
            and not is_shown(value, shown.get(name))
            and not (filled and kept(shown.get(name)) in (None, [], {}))
        ]

    async def _write(self, request: Request[Any], row: ActiveRow) -> Any:
        try:
            return await self._pipeline.run(request, row)
        except OutcomeUnknownError as error:
            error.ask_with(partial(self._look_up, row))
            raise

    def says_taken(self, row: ActiveRow, error: ApiError) -> bool:
        """That there is a contact with its address."""
        return row.stage == "create" and isinstance(error, AlreadyExistsError)

    def says_busy(self, error: ApiError) -> bool:
        """Nothing documented says so."""
        return False

    def resolve(self, row: ActiveRow, found: Any, *, ours: bool) -> bool:
        """Attributes remain, if there are any and they are to be given to this contact."""
        # What we made alone has no values yet, so what has others is not ours; what we made with others has those of
        # its row, if that is still as it was then. Nor is who was there all along, and was given this address since.
        shown = isinstance(found, Contact)
        if ours and shown:
            others = (self._together is None or row.altered) and self.differing(row, found, filled=True)
            ours = not others and not (self._book is not None and self._book.was_elsewhere(row.address or "", found))
        row.uuid, row.result, row.status = found.uuid, found, Status.CREATED if ours else Status.EXISTED
        if row.attributes is None or not ours or (shown and not self.differing(row, found)):
            return True
        row.stage = "update"
        return False

    async def find(self, row: ActiveRow) -> Any:
        """The contact with this row's address, or None."""
        address = row.address or ""
        try:
            return await contact_of(address, lambda: self._health.read(self._contacts.find_one_by(email=address)))
        except NotFoundError:
            return None

    def _look_up(self, row: ActiveRow) -> Awaitable[Any]:
        return or_none(self._contacts.find_one_by(email=row.address or ""))
