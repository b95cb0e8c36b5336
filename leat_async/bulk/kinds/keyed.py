"""Kinds whose rows have an identifier of their own, by which the API finds what they made."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from operator import attrgetter
from typing import Any

from ..._core.codec import encode
from ..._core.declare import operation_of
from ..._core.digests import packed, raw_digest_after
from ..._core.kept_text import kept, kept_text
from ..._core.operation import Operation, Request
from ..._core.params import Instant, Text, is_mapping
from ..._core.unset import UNSET
from ...errors import AlreadyExistsError, ApiError, DecodeError, NotFoundError, OutcomeUnknownError
from ...resources._base import Resource
from ..identity import canonical, generated_id
from ..outcomes import Status
from ..rows import ActiveRow, Found, Passing, Refused, Row
from ..shown import is_same_moment, is_shown
from .kind import KindSettings, address_in, changes_of, emptied_in, kept_values

_ADDRESSES = ("contact_email", "email")
# The fields that say whose something is, and what of: nothing changes them in what a row made.
_WHOSE = {*_ADDRESSES, "contact", "contact_uuid", "promotion_uuid"}


class KeyedKind:
    """What these kinds share; each says in its own class what is its own.

    `creates` and `updates` are the methods that make and change one, `finds` the one that finds it by `identifier`, the
    parameter that identifies it, which an answer shows as `identified_as`. `shown`: where what was found shows the
    fields of a row, each a place in it. `looks_first`: nothing tells that the API refuses an identifier that is taken,
    so that without a ledger each row is looked for before it is sent.
    """

    name: str
    resource: type[Resource]
    identifier: str
    creates: Callable[..., Any]
    updates: Callable[..., Any] | None = None
    finds: Callable[..., Any] | None = None
    identified_as: str = "external_identifier"
    shown: Mapping[str, str] = {}
    names_contact: bool = False
    needs_identifier: bool = True
    looks_first: bool = False
    together: int = 1
    found_by: frozenset[str] = frozenset()

    def __init__(self, settings: KindSettings) -> None:
        self._pipeline = settings.pipeline
        self._health = settings.health
        self._addresses = settings.addresses
        self._clear_empty = settings.options.clear_empty
        self._api = settings.pipeline.config.api
        self._resource = self.resource(settings.pipeline)
        self._create: Operation[Any] = operation_of(type(self).creates)
        updates = type(self).updates
        self._update: Operation[Any] | None = operation_of(updates) if updates is not None else None
        batch = settings.options.batch
        self._batch = packed("batch", batch) if batch is not None else b""
        self._content, self._identified = packed(self.name, "content"), packed(self.name, "external_id")
        self._known = self._rows_may_hold()
        self._stage: Any = "look" if self.looks_first and not settings.remembers else "create"
        self.can_ask: bool = True
        self.fingerprinted: bytes = self._content
        self.fields: Collection[str] = tuple(self._known)
        changeable = self._update.body.keys() if self._update is not None else ()
        self.fixed: Collection[str] = {*self._known} - {*changeable}

    def _rows_may_hold(self) -> dict[str, None]:
        more = _ADDRESSES if self.names_contact else ()
        return dict.fromkeys((*self._create.body, *more))

    async def begin(self) -> str | None:
        """There is nothing to be made ready."""

    # -- rows ------------------------------------------------------------------------------------

    def prepare(self, index: int, given: Row) -> ActiveRow:
        """Check a row; raises `ValueError` or `TypeError`."""
        values = kept_values(given, self._known, self._create.id)
        own = values.get(self.identifier)
        if own in (None, UNSET):
            own = None
            if self.needs_identifier:
                raise ValueError(f"{self._create.id}: {self.identifier} is required")
        else:
            own = Text().wire(self.identifier, own)
        address = address_in(values, self._create.id) if self.names_contact else None
        body = self._create.checked(self._api, self._parameters(values, address))
        said: dict[str, Any] = {**body}
        if address is not None:
            self._place(body, None)
            self._place(said, None)
            said["email"] = address
        content = canonical(self._create.body, said)
        digested = self._identified if own is not None else self._content
        identity = raw_digest_after(digested, own.encode() if own is not None else self._batch + content)
        return ActiveRow(
            index=index,
            given=given,
            identity=identity,
            content=content,
            body=body,
            address=address,
            own=own,
            serial_key=identity if own is not None else None,
            momentless=own is None,
            stage=self._stage,
        )

    def _parameters(self, values: dict[str, Any], address: str | None) -> dict[str, Any]:
        """What the operation's checks are given; an address stands for the contact that it belongs to."""
        body = {name: values.get(name, UNSET) for name in self._create.body}
        if address is not None:
            self._place(body, address)
        return body

    def _place(self, body: dict[str, Any], contact: str | None) -> None:
        """Name the contact in a body, or take it out."""
        if contact is None:
            del body["contact_uuid"]
        else:
            body["contact_uuid"] = contact

    def needs_account(self, row: ActiveRow) -> bool:
        """Whether its identifier is made of the account."""
        return row.own is None

    def identify(self, row: ActiveRow, account: str) -> None:
        """Give a row that has no identifier one that is made of the account and its content."""
        if row.own is None:
            row.own = generated_id(account, self.name, self._batch + row.content, row.occurrence)

    def earlier_keys(self, row: ActiveRow) -> list[bytes]:
        """Ledgers of the first version had no such rows."""
        return []

    # -- writes ----------------------------------------------------------------------------------

    async def write(self, row: ActiveRow) -> Any:
        """Look, create or change: what is left of it."""
        if row.stage == "look":
            found = await self.find(row)
            if found is not None:
                raise Found(found)
            row.stage = "create"
        if row.stage == "update":
            return await self._change(row)
        await self._locate(row)
        return await self._make(row)

    async def _make(self, row: ActiveRow) -> Any:
        operation = self._create
        made = await self._pipeline.run(Request(operation, operation.path, encode(row.body), row.body), row)
        self._check_answer(made, row)
        return made

    def _check_answer(self, made: Any, row: ActiveRow) -> None:
        """Raise `OutcomeUnknownError` if what was made is another one than was sent."""
        shown = self._identifier_in(made)
        if shown is not None and shown != row.own:
            raise OutcomeUnknownError(f"{self._create.id}: the answer is about another than was sent")

    def _identifier_in(self, found: Any) -> str | None:
        """The identifier that an answer shows."""
        shown = getattr(found, self.identified_as, None)
        return kept_text(shown) if isinstance(shown, str) else None

    async def _change(self, row: ActiveRow) -> Any:
        """Change what it made to what it says now."""
        assert self._update is not None
        found = await self._there(row)
        change = changes_of(self._update.body, row, clear_empty=self._clear_empty)
        return await self._pipeline.run(self._update.request(self._api, (found.uuid,), None, change), row)

    async def _there(self, row: ActiveRow) -> Any:
        """What it made, which is to be changed."""
        found = await self.find(row)
        if found is None:
            raise Refused(
                f"changed since it was imported, but Leat has no {self.identifier} {row.own!r} any more: "
                "nothing was changed"
            )
        return found

    def emptied(self, row: ActiveRow) -> list[str]:
        """Those of an update that are None."""
        return emptied_in(self._update.body if self._update is not None else (), row)

    async def _locate(self, row: ActiveRow) -> None:
        if row.address is not None:
            self._place(row.body, await self._addresses.contact(row.address))

    # -- what is there ---------------------------------------------------------------------------

    async def find(self, row: ActiveRow) -> Any:
        """What the API finds by the row's identifier, or None."""
        await self._locate(row)
        finds = type(self).finds
        assert finds is not None
        try:
            found = await self._health.read(finds(self._resource, **{self.identifier: row.own}))
        except NotFoundError:
            return None
        if self._identifier_in(found) != row.own:
            place = f"$.data.{self.identified_as}"
            raise Passing(DecodeError(f"{place}: not the one that was asked for", path=place))
        return found

    def says_taken(self, row: ActiveRow, error: ApiError) -> bool:
        """That its identifier is taken."""
        return row.stage != "update" and (isinstance(error, AlreadyExistsError) or self.identifier in error.errors)

    def says_busy(self, error: ApiError) -> bool:
        """Nothing documented says so."""
        return False

    def resolve(self, row: ActiveRow, found: Any, *, ours: bool) -> bool:
        """There is only the one write; what was found in a doubt is not what it made if it is somebody else's."""
        if ours and not row.altered and not _WHOSE.isdisjoint(self.differing(row, found)):
            ours = False
        row.result, row.status = found, Status.CREATED if ours else Status.EXISTED
        return True

    def differing(self, row: ActiveRow, found: Any) -> list[str]:
        """What was given and is shown otherwise."""
        names: list[str] = []
        for name, place in self.shown.items():
            given: Any = row.body
            for step in name.split("."):
                given = given.get(step) if is_mapping(given) else None
            if given is None:
                continue
            try:
                there = attrgetter(place)(found)
            except AttributeError:  # an object on the way that is not shown
                continue
            if type(self._create.body.get(name)) is Instant:
                same = there is not None and is_same_moment(given, there)
            else:
                same = is_shown(given, kept(there))
            if not same:
                name = name.partition(".")[0]
                names.append("email" if name in ("contact", "contact_uuid") and row.address is not None else name)
        return names
