"""From the columns of a file to the parameters of an operation.

Nothing is guessed about values: a time needs an offset or a zone, a day-first date must be announced, an amount that
could be read two ways is refused. Column names are guessed where they are plain, and shown before anything is sent.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal
from zoneinfo import ZoneInfo

import attrs

from . import values
from .readers import Record, Source

Kind = Literal["visits", "bookings", "contacts"]
KINDS: tuple[Kind, ...] = ("visits", "bookings", "contacts")

_TARGETS: Mapping[Kind, Mapping[str, values.Reader]] = {
    "visits": {
        "contact_uuid": values.text,
        "contact_email": values.email,
        "shop_uuid": values.text,
        "external_id": values.text,
        "source": values.text,
        "starts_at": values.moment,
        "ends_at": values.moment,
    },
    "bookings": {
        "contact_uuid": values.text,
        "contact_email": values.email,
        "shop_uuid": values.text,
        "external_id": values.text,
        "source": values.text,
        "starts_at": values.moment,
        "ends_at": values.moment,
        "checked_in_at": values.moment,
        "number_of_people": values.integer,
        "company_name": values.text,
        "status": values.text,
        "prepaid_amount": values.cents,
        "prepaid_euros": values.euros,
    },
    "contacts": {"email": values.email, "referral_code": values.text},
}
ATTRIBUTE = "attributes."

# How a target is called in exports, normalised: lower case, letters and digits only.
_GUESSES: Mapping[str, tuple[str, ...]] = {
    "contact_uuid": ("contactuuid", "contactid", "guestuuid"),
    "contact_email": (
        "contactemail", "email", "emailaddress", "mail", "mailaddress", "guestemail", "customeremail",
        "emailadres", "mailadres", "emailgast", "emailklant", "gastemail", "klantemail",
    ),
    "shop_uuid": ("shopuuid", "businessprofileuuid"),
    "external_id": (
        "externalid", "visitid", "bookingid", "bookingnumber", "bookingreference", "reservationid",
        "reservationnumber", "reserveringsnummer", "reserveringnr", "boekingsnummer", "boekingsreferentie",
    ),
    "source": ("source", "channel", "bron", "kanaal", "herkomst"),
    "starts_at": (
        "startsat", "start", "startdate", "starttime", "startdatetime", "begin", "begintijd", "aankomst",
        "aanvang", "datumtijd", "datumentijd", "visitedat",
    ),
    "ends_at": ("endsat", "end", "enddate", "endtime", "enddatetime", "eind", "einde", "eindtijd", "vertrek"),
    "checked_in_at": ("checkedinat", "checkedin", "checkin", "checkintime", "ingecheckt", "ingechecktop"),
    "number_of_people": (
        "numberofpeople", "guests", "guestcount", "numberofguests", "partysize", "covers", "pax", "people",
        "persons", "aantalpersonen", "aantalgasten", "personen", "gasten", "couverts",
    ),
    "company_name": ("companyname", "company", "bedrijf", "bedrijfsnaam"),
    "status": ("status",),
    "referral_code": ("referralcode",),
    "prepaid_amount": ("prepaidamount", "prepaidcents", "prepaidamountincents"),
    "prepaid_euros": ("prepaideuros", "deposit", "depositeur", "aanbetaling", "vooruitbetaald", "voorschot"),
}  # fmt: skip
# A day and a time of day in two columns.
_DAYS = (
    "date",
    "day",
    "datum",
    "dag",
    "bookingdate",
    "reservationdate",
    "visitdate",
    "reserveringsdatum",
    "bezoekdatum",
)
_TIMES = ("time", "tijd", "tijdstip", "aankomsttijd", "reserveringstijd", "bookingtime", "reservationtime", "visittime")
_ATTRIBUTE_GUESSES: Mapping[str, tuple[str, ...]] = {
    "firstname": ("firstname", "givenname", "voornaam"),
    "lastname": ("lastname", "surname", "familyname", "achternaam"),
    "phonenumber": ("phonenumber", "phone", "mobile", "telefoon", "telefoonnummer", "mobiel"),
    "city": ("city", "woonplaats", "plaats"),
    "postalcode": ("postalcode", "zipcode", "postcode"),
}


class MappingError(ValueError):
    """Columns and options that don't go together; the text says what to do."""


class NoShopError(MappingError):
    """Nothing says at which shop the rows took place."""


class RowError(ValueError):
    """A row that can't be sent; the text names each value that is wrong."""


@attrs.frozen
class Route:
    """Where one parameter's value comes from: one or more columns (joined by a space), or a constant."""

    target: str
    columns: tuple[str, ...] = ()
    constant: str | None = None
    guessed: bool = False


@attrs.frozen(kw_only=True)
class Plan:
    """How rows of a file become parameters; `left_out` are the columns that are not sent."""

    kind: Kind
    routes: tuple[Route, ...]
    left_out: tuple[str, ...]
    rules: values.Rules

    @property
    def fingerprint(self) -> str:
        """The same for plans that make the same of a file."""
        zone = self.rules.zone.key if self.rules.zone is not None else ""
        parts = [self.kind, zone, str(self.rules.day_first)]
        parts += [repr((route.target, route.columns, route.constant)) for route in self.routes]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def apply(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters that a row stands for, without the empty ones. Raises `RowError` naming all that is wrong."""
        found: dict[str, Any] = {}
        named: set[str] = set()
        wrong: list[str] = []
        for route in self.routes:
            given = route.constant if route.constant is not None else values.join([row.get(c) for c in route.columns])
            if given is None or given == "":
                continue
            named.add(route.target)
            try:
                found[route.target] = _reader(self.kind, route.target)(given, self.rules)
            except ValueError as error:
                wrong.append(f"{' + '.join(route.columns) or route.target}: {error}")
        wrong += _missing(self.kind, named)
        if wrong:
            raise RowError("; ".join(wrong))
        return _shape(self.kind, found)


class MappedRow(dict[str, Any]):
    """A row as it will be sent, with the record it was made of. A row that has a `problem` is rejected for it."""

    __slots__ = ("problem", "record")

    def __init__(self, record: Record, values: Mapping[str, Any], problem: RowError | None = None) -> None:
        super().__init__(values)
        self.record = record
        self.problem = problem


def mapped(source: Source, plan: Plan) -> Iterator[MappedRow]:
    """The rows of a file under a plan, also those that can't be sent."""
    for record in source.records():
        try:
            if record.problem is not None:
                raise RowError(record.problem)
            yield MappedRow(record, plan.apply(record.values))
        except RowError as error:
            yield MappedRow(record, {}, error)


def make_plan(
    kind: Kind,
    columns: Sequence[str],
    *,
    maps: Sequence[str] = (),
    sets: Sequence[str] = (),
    timezone: str | None = None,
    day_first: bool = False,
    shop: str | None = None,
) -> Plan:
    """Decide which column becomes which parameter.

    Parameters:
        kind: "visits", "bookings" or "contacts".
        columns: the file's columns.
        maps: "COLUMN=parameter"; "A + B=parameter" joins two columns, "COLUMN=" leaves one out.
        sets: "parameter=value", the same for every row.
        timezone: IANA name for times without an offset.
        day_first: dates such as 31-12-2026 have the day first.
        shop: the shop of every row; the same as setting shop_uuid.

    Raises `MappingError`.
    """
    routes: dict[str, Route] = {}
    used: set[str] = set()
    for text in maps:
        names, target = _mapped(kind, columns, text)
        used.update(names)
        if not target:
            continue
        if target in routes:
            raise MappingError(f"two --map options fill {target}; join columns with: --map 'A + B={target}'")
        routes[target] = Route(target, names)
    for target, constant in _constants(kind, sets, shop):
        if target in routes:
            raise MappingError(f"{target} is filled twice: by a column or --shop, and by --set")
        routes[target] = Route(target, constant=constant)
    for target, alike in _guess(kind, [name for name in columns if name not in used]).items():
        if target in routes:
            continue
        if len(alike) > 1:
            listed = " and ".join(map(repr, alike))
            raise MappingError(f"{listed} both look like {target}; say which: --map '{alike[0]}={target}'")
        used.add(alike[0])
        routes[target] = Route(target, (alike[0],), guessed=True)
    pair = _pair([name for name in columns if name not in used])
    if pair and "starts_at" in _TARGETS[kind] and "starts_at" not in routes:
        used.update(pair)
        routes["starts_at"] = Route("starts_at", pair, guessed=True)
    _check(kind, routes, columns)
    order = [*_TARGETS[kind], *sorted(name for name in routes if name.startswith(ATTRIBUTE))]
    return Plan(
        kind=kind,
        routes=tuple(routes[target] for target in order if target in routes),
        left_out=tuple(name for name in columns if name not in used),
        rules=values.Rules(zone=_zone(timezone), day_first=day_first),
    )


def targets(kind: Kind) -> tuple[str, ...]:
    """What `--map` and `--set` may name."""
    return (*_TARGETS[kind], *((f"{ATTRIBUTE}NAME",) if kind == "contacts" else ()))


def _reader(kind: Kind, target: str) -> values.Reader:
    return _TARGETS[kind].get(target, values.text)


def _known(kind: Kind, target: str) -> str:
    attribute = kind == "contacts" and target.startswith(ATTRIBUTE) and len(target) > len(ATTRIBUTE)
    if target not in _TARGETS[kind] and not attribute:
        raise MappingError(f"{kind} have no {target!r}; there is {', '.join(targets(kind))}")
    return target


def _mapped(kind: Kind, columns: Sequence[str], text: str) -> tuple[tuple[str, ...], str]:
    left, sign, target = text.rpartition("=")
    left, target = " ".join(left.split()), target.strip()
    if not sign or not left:
        raise MappingError(f"--map takes 'COLUMN=parameter', got {text!r}")
    names = (left,) if left in columns else tuple(part.strip() for part in left.split(" + "))
    for name in names:
        if name not in columns:
            raise MappingError(f"there is no column {name!r}; there is {', '.join(map(repr, columns))}")
    return names, _known(kind, target) if target else ""


def _constants(kind: Kind, sets: Sequence[str], shop: str | None) -> Iterable[tuple[str, str]]:
    if shop is not None:
        if "shop_uuid" not in _TARGETS[kind]:
            raise MappingError(f"{kind} belong to no shop; leave --shop out")
        yield "shop_uuid", shop
    for text in sets:
        target, sign, constant = text.partition("=")
        if not sign or not constant.strip():
            raise MappingError(f"--set takes 'parameter=value', got {text!r}")
        yield _known(kind, target.strip()), constant.strip()


def _guess(kind: Kind, columns: Sequence[str]) -> dict[str, list[str]]:
    """Columns by the target that their name plainly says."""
    names = {guess: target for target, all_ in _GUESSES.items() for guess in all_ if target in _TARGETS[kind]}
    if kind == "contacts":
        names |= dict.fromkeys(_GUESSES["contact_email"], "email")
        names |= {guess: ATTRIBUTE + name for name, all_ in _ATTRIBUTE_GUESSES.items() for guess in all_}
    found: dict[str, list[str]] = {}
    for column in columns:
        attribute = kind == "contacts" and column.startswith(ATTRIBUTE) and len(column) > len(ATTRIBUTE)
        target = column if attribute else names.get(_plain(column))
        if target is not None:
            found.setdefault(target, []).append(column)
    return found


def _pair(columns: Sequence[str]) -> tuple[str, ...]:
    """The one column with a day and the one with a time of day, if there are two such."""
    days = [name for name in columns if _plain(name) in _DAYS]
    times = [name for name in columns if _plain(name) in _TIMES]
    return (days[0], times[0]) if len(days) == len(times) == 1 else ()


def _plain(column: str) -> str:
    decomposed = unicodedata.normalize("NFKD", column).casefold()
    return re.sub(r"[^a-z0-9]", "", decomposed)


def _check(kind: Kind, routes: Mapping[str, Route], columns: Sequence[str]) -> None:
    """Refuse a plan under which no row could be sent."""
    listed = f"; the file has {', '.join(map(repr, columns))}"
    if kind == "contacts":
        if "email" not in routes:
            raise MappingError(f"no column holds the e-mail address: --map 'COLUMN=email'{listed}")
        return
    if "contact_uuid" not in routes and "contact_email" not in routes:
        raise MappingError(f"no column names the contact: --map 'COLUMN=contact_email' (or contact_uuid){listed}")
    if "shop_uuid" not in routes:
        raise NoShopError(f"no column names the shop: --shop UUID for one shop, or --map 'COLUMN=shop_uuid'{listed}")
    if "prepaid_amount" in routes and "prepaid_euros" in routes:
        raise MappingError("prepaid_amount (cents) and prepaid_euros are one parameter; leave one out: --map 'COLUMN='")


def _missing(kind: Kind, named: set[str]) -> list[str]:
    """What a row lacks altogether."""
    if kind == "contacts":
        return [] if "email" in named else ["the e-mail address is missing"]
    lacks = [] if named & {"contact_uuid", "contact_email"} else ["the contact is missing"]
    return lacks if "shop_uuid" in named else [*lacks, "the shop is missing"]


def _shape(kind: Kind, found: dict[str, Any]) -> dict[str, Any]:
    if kind == "contacts":
        for name in [name for name in found if name.startswith(ATTRIBUTE)]:
            found.setdefault("attributes", {})[name.removeprefix(ATTRIBUTE)] = found.pop(name)
        return found
    if "contact_uuid" in found:
        found.pop("contact_email", None)
    if "prepaid_euros" in found:
        found["prepaid_amount"] = found.pop("prepaid_euros")
    return found


def _zone(name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise MappingError(
            f"there is no time zone {name!r}; use a name such as Europe/Amsterdam (on Windows: pip install tzdata)"
        ) from None
