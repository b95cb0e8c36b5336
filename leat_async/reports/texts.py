"""What a report says in words, in English and Dutch."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args, get_type_hints

from msgspec import Meta

from .figures import Figures, LeftOut, MoneyFigures

Language: TypeAlias = Literal["en", "nl"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

# The plain figures in the order in which they are told: their names, and in Dutch what each counts.
_COUNTS: dict[str, tuple[str, str, str]] = {
    "registrations": (
        "Registrations",
        "Aanmeldingen",
        "Contacten die in de periode zijn gemaakt, zoals Leat ze telt",
    ),
    "active_customers": (
        "Active customers",
        "Actieve klanten",
        "Verschillende contacten met een transactie in de periode",
    ),
    "new_customers": (
        "of them new",
        "waarvan nieuw",
        "Actieve klanten van wie de eerste transactie in de periode valt",
    ),
    "returning_customers": (
        "of them returning",
        "waarvan terugkerend",
        "Actieve klanten die al voor de periode een transactie hadden",
    ),
    "visits": ("Visits", "Bezoeken", "Bezoeken die in de periode beginnen, of zonder begin: erin zijn aangemaakt"),
    "transactions": (
        "Transactions",
        "Transacties",
        "Punten die gegeven en beloningen die geclaimd zijn, terugdraaiingen meegeteld",
    ),
    "credits_given": (
        "Credits given",
        "Punten gegeven",
        "Punten die erbij kwamen; ook die van een teruggedraaide claim horen daarbij",
    ),
    "credits_reversed": (
        "Credits reversed",
        "Punten teruggenomen",
        "Punten die terugdraaiingen en correcties afnamen, in de periode waarin dat gebeurde",
    ),
    "credits_spent": ("Credits spent", "Punten besteed", "Punten die aan beloningen zijn besteed"),
    "credits_other": (
        "Credits moved otherwise",
        "Punten anders geboekt",
        "Punten van transacties waarvan deze versie de soort niet kent",
    ),
    "credits_outstanding": (
        "Credits outstanding",
        "Punten uitstaand",
        "Punten die aan het eind van de periode nog te besteden zijn: de som van alle transacties tot dan",
    ),
    "rewards_redeemed": (
        "Rewards redeemed",
        "Beloningen geclaimd",
        "Geclaimde beloningen; een die later is teruggedraaid blijft meegeteld",
    ),
    "vouchers_activated": (
        "Vouchers activated",
        "Vouchers geactiveerd",
        "Vouchers waarvan de activeringsdatum in de periode valt",
    ),
    "vouchers_redeemed": (
        "Vouchers redeemed",
        "Vouchers ingewisseld",
        "Vouchers die in de periode voor het laatst zijn ingewisseld; meermaals inwisselen telt eenmaal",
    ),
}
_MONEY: dict[str, tuple[str, str, str]] = {
    "paid_in": ("paid in", "gestort", "Bedragen die erop kwamen, teruggedraaide bestedingen meegeteld"),
    "spent": ("spent", "besteed", "Bedragen die eraf gingen, teruggedraaide stortingen meegeteld"),
    "outstanding": (
        "outstanding",
        "uitstaand",
        "Wat aan het eind van de periode nog te besteden is: de som van alle transacties tot dan",
    ),
}
WORDS: dict[str, tuple[str, str]] = {
    "gift_cards": ("Gift cards", "Cadeaukaarten"),
    "prepaid": ("Prepaid", "Tegoed"),
    "title": ("Report", "Rapport"),
    "month_before": ("Month before", "Maand ervoor"),
    "period_before": ("Period before", "Periode ervoor"),
    "year_before": ("Year before", "Jaar ervoor"),
    "this_period": ("This period", "Deze periode"),
    "trend": ("13 months", "13 maanden"),
    "figure": ("Figure", "Cijfer"),
    "figures": ("Figures", "Cijfers"),
    "counts": ("What each figure counts", "Wat elk cijfer telt"),
    "months": ("Month by month", "Maand voor maand"),
    "days": ("Day by day", "Dag voor dag"),
    "rhythm": ("Days of the week and hours", "Weekdagen en uren"),
    "customers": ("New and returning customers", "Nieuwe en terugkerende klanten"),
    "credits": ("Credits", "Punten"),
    "best": ("Best customers", "Beste klanten"),
    "against": ("on the period before", "t.o.v. de periode ervoor"),
    "best_how": ("By credits given less those taken back", "Naar gegeven punten min teruggenomen punten"),
    "shops": ("By shop", "Per vestiging"),
    "no_shop": ("(no shop)", "(geen vestiging)"),
    "left_out": ("What the API does not tell", "Wat de API niet vertelt"),
    "times": ("Times of", "Tijden van"),
    "made": ("Made", "Gemaakt"),
    "so_far": ("so far; compared with the same days", "tot nu toe; vergeleken met dezelfde dagen"),
    "table": ("As a table", "Als tabel"),
    "day": ("Day", "Dag"),
    "month": ("Month", "Maand"),
    "hour": ("Hour", "Uur"),
    "weekday": ("Day of the week", "Weekdag"),
    "shop": ("Shop", "Vestiging"),
    "customer": ("Customer", "Klant"),
    "new_customers": ("New customers", "Nieuwe klanten"),
    "new": ("New", "Nieuw"),
    "returning": ("Returning", "Terugkerend"),
    "given": ("Given", "Gegeven"),
    "spent": ("Spent", "Besteed"),
    "transactions": ("Transactions", "Transacties"),
    "outstanding": ("Outstanding", "Uitstaand"),
    "busiest": ("Busiest", "Drukst"),
    "none": ("none", "geen"),
}
_LEFT_OUT: dict[str, tuple[str, str]] = {
    "bookings": ("bookings: the API has no list of them", "reserveringen: de API heeft er geen lijst van"),
    "orders": (
        "orders: what the API's list of orders answers is documented nowhere",
        "bestellingen: wat de API op hun lijst antwoordt staat nergens beschreven",
    ),
    "by_shop": (
        "registrations, visits and vouchers by shop: the API does not say at which shop they were",
        "aanmeldingen, bezoeken en vouchers per vestiging: de API zegt niet bij welke vestiging ze horen",
    ),
    "reversed_claims": (
        "credits given back for a reversed claim: the API shows them as credits given",
        "punten terug van een teruggedraaide claim: de API toont ze als gegeven punten",
    ),
    "reversed_money": (
        "reversed gift card and prepaid transactions: the API shows them as money spent or paid in",
        "teruggedraaide transacties van cadeaukaarten en tegoed: de API toont ze als besteed of gestort",
    ),
    "currency": (
        "the currency of gift cards: the API's list of them shows none",
        "de munt van cadeaukaarten: de lijst van de API noemt er geen",
    ),
    "refused": ("{about}: the API refused ({detail})", "{about}: de API weigerde ({detail})"),
    "undated": (
        "{about} rows that show no moment: they are in no figure",
        "{about} rijen zonder tijdstip: ze staan in geen cijfer",
    ),
    "unknown_types": (
        "{about} transactions of types that this version does not know ({detail}): they are in credits_other",
        "{about} transacties van soorten die deze versie niet kent ({detail}): ze staan bij de anders geboekte punten",
    ),
    "unseen_shops": (
        "shops with a time zone of their own that no row names: {detail}",
        "vestigingen met een eigen tijdzone die in geen rij voorkomen: {detail}",
    ),
}


def word(name: str, language: Language) -> str:
    """A word of the report."""
    return WORDS[name][LANGUAGES.index(language)]


def counts() -> tuple[str, ...]:
    """The plain figures, in order."""
    return tuple(_COUNTS)


def label(figure: str, language: Language) -> str:
    """The name of a figure, or of a part of what money does."""
    return {**_COUNTS, **_MONEY}[figure][LANGUAGES.index(language)]


def definition(figure: str, language: Language) -> str:
    """What a figure counts."""
    if language == "nl":
        return {**_COUNTS, **_MONEY}[figure][2]
    hint = get_type_hints(MoneyFigures if figure in _MONEY else Figures, include_extras=True)[figure]
    return next(str(meta.description) for meta in hint.__metadata__ if isinstance(meta, Meta))


def left_out(code: str, about: str = "", detail: str = "") -> LeftOut:
    """Something that can't be told."""
    return LeftOut(code=code, about=about, detail=detail, text=_LEFT_OUT[code][0].format(about=about, detail=detail))


def told(gap: LeftOut, language: Language) -> str:
    """What can't be told, in words."""
    texts = _LEFT_OUT.get(gap.code)
    if texts is None:
        return gap.text
    return texts[LANGUAGES.index(language)].format(about=gap.about, detail=gap.detail)
