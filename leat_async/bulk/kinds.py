"""What differs between visits, bookings and contacts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Protocol

from .._core.codec import encode
from .._core.operation import Operation, Request
from .._core.params import is_mapping, show
from .._core.pipeline import Pipeline
from .._core.unset import UNSET
from ..errors import AlreadyExistsError, NotFoundError
from ..resources import _contacts, bookings, visits
from ..resources.contacts import Contacts
from ..resources.visits import Visits
from .addresses import Addresses, normalised
from .identity import canonical, digest, digest_after, generated_id, packed
from .jobs import Job, Row, read
from .outcomes import Status
from .plain import plain
from .witness import Writes


class Kind(Protocol):
    """One kind of row."""

    name: str
    # Whether the API can be asked what became of a write.
    can_ask: bool

    def prepare(self, index: int, row: Row) -> Job:
        """Check a row; raises `ValueError` or `TypeError`."""
        ...

    def fingerprint(self, job: Job) -> str:
        """A digest of all of a row's content."""
        ...

    def needs_account(self, job: Job) -> bool:
        """Whether the account is part of what will be sent."""
        ...

    def identify(self, job: Job, account: str) -> None:
        """Give a row its identifier, now that its count among equal rows is known."""

    def write(self, job: Job) -> Awaitable[Any]:
        """Do what is left of the row's writes: what was made or found, while the job's status says which."""
        ...

    async def find(self, job: Job) -> Any:
        """What is on the server of this row, or None."""

    def resolve(self, job: Job, found: Any) -> bool:
        """Take what was found as the row's first write; is the row done with that?"""
        ...


def _checked(row: Any, known: Mapping[str, Any], what: str) -> None:
    if not is_mapping(row):
        raise TypeError(f"{what}: a row must be a mapping, got {show(row)}")
    if not row.keys() <= known.keys():
        name = next(name for name in row if name not in known)
        raise ValueError(f"{what}: {name!r} is not known; a row may hold {', '.join(known)}")


class Stays:
    """Visits and bookings: one write, for a contact who may be named by address."""

    def __init__(
        self,
        name: str,
        operation: Operation[Any],
        pipeline: Pipeline,
        writing: Pipeline,
        writes: Writes,
        addresses: Addresses,
    ) -> None:
        self.name = name
        self._create = operation
        self._request: Callable[[bytes], Request[Any]] = partial(Request, operation, operation.path)
        self._writing = writing
        self._writes = writes
        self._addresses = addresses
        self._api = pipeline.config.api
        self._visits = Visits(pipeline)
        self.can_ask = name == "visits" and self._api in visits.LIST.apis
        self._plain = plain(operation, self._api)
        self._known = dict.fromkeys((*operation.body, "contact_email", "email"))
        self._content, self._external_id = packed(name, "content"), packed(name, "external_id")

    def prepare(self, index: int, row: Row) -> Job:
        """Check a row; raises `ValueError` or `TypeError`."""
        checked = self._plain(row)
        if checked is not None:
            body, text, content = checked
            return self._job(index, row, body, content, text)
        _checked(row, self._known, self._create.id)
        address = self._address(row)
        body = {name: row.get(name, UNSET) for name in self._create.body}
        if address is None:
            sent = self._create.checked(self._api, body)
            return self._job(index, row, sent, canonical(self._create.body, sent), encode(sent))
        sent = self._create.checked(self._api, {**body, "contact_uuid": address})
        del sent["contact_uuid"]
        return self._job(index, row, sent, canonical(self._create.body, {**sent, "email": address}), None, address)

    def _job(
        self, index: int, row: Row, body: dict[str, Any], content: bytes, text: bytes | None, address: str | None = None
    ) -> Job:
        """`text` is the body as it is sent, None if it can't be known yet."""
        lane, request, own = None, None, body.get("external_id")
        if own is not None:
            who = lane = digest_after(self._external_id, own.encode())
            request = self._request(text) if text is not None else None
        else:
            who = digest_after(self._content, content)
        return Job(
            index=index,
            row=row,
            who=who,
            content=content,
            mark=hash(content),
            body=body,
            address=address,
            lane=lane,
            request=request,
        )

    def _address(self, row: Row) -> str | None:
        """The address that names the contact, if that is what names it."""
        named = [name for name in ("contact_uuid", "contact_email", "email") if row.get(name) not in (None, UNSET)]
        if len(named) > 1:
            raise ValueError(f"{self._create.id}: {' and '.join(named)} name the contact twice; give one")
        return normalised(row[named[0]]) if named and named[0] != "contact_uuid" else None

    def fingerprint(self, job: Job) -> str:
        """A digest of all of a row's content."""
        return job.who if job.lane is None else digest_after(self._content, job.content)

    def needs_account(self, job: Job) -> bool:
        """Whether the account is part of what will be sent."""
        return job.lane is None

    def identify(self, job: Job, account: str) -> None:
        """Give the row an `external_id` if it has none."""
        if job.lane is None:
            job.body["external_id"] = generated_id(account, self.name, job.content, job.occurrence)
            if job.address is None:
                job.request = self._request(encode(job.body))

    def write(self, job: Job) -> Awaitable[Any]:
        """Create it."""
        if job.request is None:
            return self._write_located(job)
        self._writes.of(job)
        return self._writing.run(job.request)

    async def _write_located(self, job: Job) -> Any:
        await self._locate(job)
        self._writes.of(job)
        return await self._writing.run(self._request(encode(job.body)))

    async def find(self, job: Job) -> Any:
        """The visit with this row's `external_id` among those of its contact, or None."""
        if not self.can_ask:
            return None
        await self._locate(job)
        try:
            return await read(self._among_visits(job.body["contact_uuid"], job.body["external_id"]))
        except NotFoundError:  # no such contact, so no such visit either
            return None

    def resolve(self, job: Job, found: Any) -> bool:
        """There is only the one write."""
        job.result = found
        return True

    async def _locate(self, job: Job) -> None:
        if job.address is not None and "contact_uuid" not in job.body:
            job.body["contact_uuid"] = await self._addresses.contact(job.address)

    async def _among_visits(self, contact_uuid: str, external_id: str) -> Any:
        async for visit in self._visits.list(contact_uuid=contact_uuid):
            if visit.external_id == external_id:
                return visit
        return None


_CONTACT: dict[str, None] = dict.fromkeys(("email", "referral_code", "attributes"))


class People:
    """Contacts: looked for, created if missing, then given their attributes."""

    name = "contacts"
    can_ask = True

    def __init__(self, pipeline: Pipeline, writing: Pipeline, writes: Writes, *, update_existing: bool) -> None:
        self._writes = writes
        self._api = pipeline.config.api
        self._contacts, self._written = Contacts(pipeline), Contacts(writing)
        self._update_existing = update_existing

    def prepare(self, index: int, row: Row) -> Job:
        """Check a row; raises `ValueError` or `TypeError`."""
        _checked(row, _CONTACT, _contacts.CREATE.id)
        if row.get("email") in (None, UNSET):
            raise ValueError(f"{_contacts.CREATE.id}: email is required")
        address = normalised(row["email"])
        body = {"email": address, "referral_code": row.get("referral_code", UNSET)}
        _contacts.CREATE.request(self._api, (), None, body)
        attributes = row.get("attributes") or None
        if attributes is UNSET:
            attributes = None
        if attributes is not None:
            _contacts.UPDATE.request(self._api, (address,), None, {"attributes": attributes})
        content = canonical({}, {**body, "attributes": attributes})
        return Job(
            index=index,
            row=row,
            who=digest(self.name, "content", content),
            content=content,
            mark=hash(content),
            body=body,
            address=address,
            lane=digest(self.name, "email", address),
            attributes=attributes,
            stage="look",
        )

    def fingerprint(self, job: Job) -> str:
        """A digest of all of a row's content."""
        return job.who

    def needs_account(self, job: Job) -> bool:
        """An address is all that is sent."""
        return False

    def identify(self, job: Job, account: str) -> None:
        """An address is identity enough."""

    async def write(self, job: Job) -> Any:
        """Look, create, update: whatever of these is left."""
        self._writes.of(job)
        if job.stage == "look":
            # Only who looked before can tell a contact that was there from one that a lost answer made.
            existing = await self.find(job)
            if existing is not None and not self._existed(job, existing):
                return job.result
        if job.stage != "update":
            job.stage = "create"
            try:
                made = await self._written.create(**job.body)
            except AlreadyExistsError:
                existing = await self.find(job)
                if existing is None:
                    raise
                if not job.doubted and not self._existed(job, existing):
                    return job.result
                if job.doubted and self.resolve(job, existing):
                    return job.result
            else:
                self.resolve(job, made)
        if job.attributes is not None:
            job.stage = "update"
            job.result = await self._written.update(job.uuid or "", attributes=job.attributes)
        return job.result

    def _existed(self, job: Job, contact: Any) -> bool:
        """Take a contact that was there before us; is there something left to do with it?"""
        job.status, job.uuid, job.result = Status.EXISTED, contact.uuid, contact
        if job.attributes is None or not self._update_existing:
            return False
        job.stage = "update"
        return True

    def resolve(self, job: Job, found: Any) -> bool:
        """Take a contact as made by us."""
        job.uuid, job.result, job.status = found.uuid, found, Status.CREATED
        if job.attributes is None:
            return True
        job.stage = "update"
        return False

    async def find(self, job: Job) -> Any:
        """The contact with this row's address, or None."""
        try:
            return await read(self._contacts.find_one_by(email=job.address or ""))
        except NotFoundError:
            return None


def kind_of(
    name: str, pipeline: Pipeline, writing: Pipeline, writes: Writes, addresses: Addresses, *, update_existing: bool
) -> Kind:
    """The kind by its name."""
    if name == "contacts":
        return People(pipeline, writing, writes, update_existing=update_existing)
    operation: Operation[Any] = visits.CREATE if name == "visits" else bookings.CREATE
    return Stays(name, operation, pipeline, writing, writes, addresses)
