"""What a column's name plainly says, in English and Dutch."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

# How a parameter is called in exports, normalised: lower case, letters and digits only.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "contact_uuid": ("contactuuid", "contactid", "guestuuid"),
    "contact_email": (
        "contactemail", "email", "emailaddress", "mail", "mailaddress", "guestemail", "customeremail",
        "emailadres", "mailadres", "emailgast", "emailklant", "gastemail", "klantemail",
    ),
    "shop_uuid": (
        "shopuuid", "businessprofileuuid", "shop", "shopname", "vestiging", "filiaal", "locatie", "location",
    ),
    "external_id": (
        "externalid", "visitid", "bookingid", "bookingnumber", "bookingreference", "reservationid",
        "reservationnumber", "reservationnr", "reservationcode", "bookingnr", "bookingcode", "reserveringsnummer",
        "reserveringnr", "reserveringsnr", "reserveringscode", "resnr", "boekingsnummer", "boekingsnr",
        "boekingsreferentie", "boekingscode",
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
        "persons", "aantalpersonen", "aantalgasten", "aantal", "aantalpers", "pers", "personen", "gasten", "couverts",
    ),
    "company_name": ("companyname", "company", "bedrijf", "bedrijfsnaam"),
    "status": ("status",),
    "referral_code": ("referralcode",),
    "credits": (
        "credits", "points", "pointsbalance", "balance", "punten", "puntensaldo", "saldo", "spaarpunten", "spaarsaldo",
        "tegoed", "spaartegoed", "puntentegoed",
    ),
    "unit_value": ("unitvalue", "purchaseamount", "amountspent", "bedrag", "besteed", "spent"),
    "unit_name": ("unitname", "unit", "eenheid"),
    "identity": (
        "identity", "externalid", "receipt", "receiptnumber", "transactionid", "bonnummer", "bonnr", "transactienummer",
    ),
    "contact_identifier_value": (
        "contactidentifiervalue", "card", "cardnumber", "cardnr", "loyaltycard", "kaart", "kaartnummer", "kaartnr",
        "pasnummer", "klantenkaart",
    ),
    "contact_identifier_name": ("contactidentifiername", "cardname", "kaartnaam"),
    "code": ("code", "vouchercode", "couponcode"),
    "promotion_uuid": ("promotionuuid", "promotion", "promotie", "actie"),
    "activation_date": ("activationdate", "validfrom", "geldigvanaf"),
    "expiration_date": ("expirationdate", "expires", "expiresat", "validuntil", "geldigtot", "vervaldatum"),
    "total_redemptions_allowed": ("totalredemptionsallowed",),
    "external_identifier": (
        "externalidentifier", "sku", "articlenumber", "artikelnummer", "productcode", "productnumber", "ordernumber",
        "ordernr", "orderid", "ordernummer", "categorycode",
    ),
    "name": ("name", "naam", "productname", "productnaam", "categoryname", "omschrijving"),
    "description": ("description", "beschrijving"),
    "categories": ("categories", "category", "categorie", "categorieen"),
    "reference": ("reference", "referentie"),
    "payment_status": ("paymentstatus", "betaalstatus"),
    "currency": ("currency", "valuta"),
    "total_order_amount": ("totalorderamount", "totalcents"),
    "total_order_euros": ("totalordereuros", "ordertotal", "ordertotaal"),
    "paid_at": ("paidat", "betaaldop"),
    "completed_at": ("completedat", "afgerondop"),
    "line_items": ("lineitems", "lines", "regels"),
    "prepaid_amount": ("prepaidamount", "prepaidcents", "prepaidamountincents"),
    "prepaid_euros": ("prepaideuros", "deposit", "depositeur", "aanbetaling", "vooruitbetaald", "voorschot"),
}  # fmt: skip
# A day and a time of day in two columns.
_DAYS = (
    "date", "day", "datum", "dag", "bookingdate", "reservationdate", "visitdate", "reserveringsdatum", "bezoekdatum",
)  # fmt: skip
_TIMES = ("time", "tijd", "tijdstip", "aankomsttijd", "reserveringstijd", "bookingtime", "reservationtime", "visittime")
_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "firstname": ("firstname", "givenname", "voornaam"),
    "lastname": ("lastname", "surname", "familyname", "achternaam"),
    "phonenumber": ("phonenumber", "phone", "mobile", "telefoon", "telefoonnummer", "mobiel"),
    "birthdate": ("birthdate", "birthday", "dateofbirth", "geboortedatum", "geboortedag"),
    "city": ("city", "woonplaats", "plaats"),
    "postalcode": ("postalcode", "zipcode", "postcode"),
}
_TOTALS = (
    "total",
    "totaal",
    "totalen",
    "totals",
    "subtotaal",
    "subtotal",
    "som",
    "sum",
    "summe",
    "gesamt",
    "insgesamt",
)


def plain_name(column: str) -> str:
    """A column's name without what makes no difference."""
    decomposed = unicodedata.normalize("NFKD", column).casefold()
    return re.sub(r"[^a-z0-9]", "", decomposed)


def guessed(
    columns: Sequence[str], targets: Iterable[str], *, attribute: str = "", attributes: Iterable[tuple[str, str]] = ()
) -> dict[str, list[str]]:
    """Columns by the target that their name says.

    Parameters:
        targets: the parameters there are.
        attribute: the prefix of targets that are attributes; empty where there are none.
        attributes: names and labels of the attributes that the account has.
    """
    known = set(targets)
    names = {plain_name(target): target for target in known}
    names |= {name: target for target, all_ in _NAMES.items() for name in all_ if target in known}
    if attribute:
        contacts = "email" in known
        names |= dict.fromkeys(_NAMES["contact_email"], "email") if contacts else {}
        own = {plain_name(word): name for name, label in attributes for word in (label, name) if word}
        exist = set(own.values())
        plain = [(name, target) for target, all_ in _ATTRIBUTES.items() for name in all_]
        common = {name: target for name, target in plain if (target in exist if exist else contacts)}
        names = {**{name: attribute + target for name, target in {**own, **common}.items()}, **names}
    found: dict[str, list[str]] = {}
    for column in columns:
        whole = attribute and column.startswith(attribute) and len(column) > len(attribute)
        target = column if whole else names.get(plain_name(_unnumbered(column, columns)))
        if target is not None:
            found.setdefault(target, []).append(column)
    return found


def day_and_time(columns: Sequence[str], start: str | None = None) -> tuple[str, ...]:
    """The one column with a day and the one with a time of day, if there are two such.

    `start`: a column that is named after the start and holds times of day.
    """
    days = [name for name in columns if plain_name(name) in _DAYS]
    times = [start] if start is not None else [name for name in columns if plain_name(name) in _TIMES]
    return (days[0], times[0]) if len(days) == len(times) == 1 else ()


def is_total(words: Iterable[str]) -> bool:
    """Whether a row's texts say that it sums up the others."""
    return any(re.sub(r"[^a-z]", "", word.casefold()) in _TOTALS for word in words)


def says_anything(column: str) -> bool:
    """Whether a name is one that some kind of rows knows."""
    plain = plain_name(column)
    every = [*_NAMES.values(), *_ATTRIBUTES.values(), _DAYS, _TIMES]
    return any(plain in names for names in every)


def _unnumbered(column: str, columns: Sequence[str]) -> str:
    """The name that several columns share."""
    base = re.sub(r" \(\d+\)$", "", column)
    return base if base != column and f"{base} (1)" in columns else column
