"""What a report says, as its JSON has it. The texts of the fields are the schema's, and the documentation's."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

VERSION = 1


class UnitFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What credits were given for, in one unit. Values of different units are never added up."""

    value: Annotated[
        float, Meta(description="The values of credit receptions in this unit; those that take credits back count off")
    ] = 0.0
    transactions: Annotated[int, Meta(description="Credit receptions with a value in this unit")] = 0


class MoneyFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Money in one currency, in cents. Amounts in different currencies are never added up."""

    paid_in: Annotated[int, Meta(description="Put on; reversals of spending included")] = 0
    spent: Annotated[int, Meta(description="Taken off, as a positive number; reversals of loading included")] = 0
    outstanding: Annotated[
        int,
        Meta(description="To be spent at the end of the period: the sum of all transactions until then"),
    ] = 0
    transactions: Annotated[int, Meta(description="Transactions in the period")] = 0


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one stretch of time, of the account or of one of its shops. Null: the API does not tell."""

    registrations: Annotated[
        int | None, Meta(description="Contacts made in the period, as the API counts them; not told by shop")
    ] = None
    active_customers: Annotated[
        int, Meta(description="Different contacts with a loyalty transaction in the period")
    ] = 0
    new_customers: Annotated[
        int, Meta(description="Of the active customers, those whose first loyalty transaction is in the period")
    ] = 0
    returning_customers: Annotated[
        int, Meta(description="Of the active customers, those with a loyalty transaction before the period")
    ] = 0
    visits: Annotated[
        int | None,
        Meta(description="Visits that start in the period, or were made in it where they have no start; not by shop"),
    ] = None
    transactions: Annotated[
        int, Meta(description="Loyalty transactions: credit and reward receptions, reversals included")
    ] = 0
    credits_given: Annotated[
        int,
        Meta(description="Credits of receptions that add some; credits given back for a reversed claim are among them"),
    ] = 0
    credits_reversed: Annotated[
        int,
        Meta(description="Credits that receptions took back, reversals and corrections, when that happened"),
    ] = 0
    credits_spent: Annotated[int, Meta(description="Credits spent on rewards")] = 0
    credits_other: Annotated[
        int, Meta(description="Credits moved by transactions of a type that this version does not know")
    ] = 0
    credits_outstanding: Annotated[
        int,
        Meta(description="Credits still to be spent at the end of the period: the sum of all transactions until then"),
    ] = 0
    rewards_redeemed: Annotated[int, Meta(description="Reward receptions; those reversed later stay counted")] = 0
    vouchers_activated: Annotated[
        int | None, Meta(description="Vouchers whose activation date is in the period; not told by shop")
    ] = None
    vouchers_redeemed: Annotated[
        int | None,
        Meta(description="Vouchers last redeemed in the period; of several redemptions one counts; not told by shop"),
    ] = None
    units: Annotated[dict[str, UnitFigures], Meta(description="What credits were given for, by the unit's name")] = (
        msgspec.field(default_factory=dict[str, UnitFigures])
    )
    gift_cards: Annotated[
        dict[str, MoneyFigures], Meta(description='Money on gift cards, by currency sign; "": the API shows none')
    ] = msgspec.field(default_factory=dict[str, MoneyFigures])
    prepaid: Annotated[
        dict[str, MoneyFigures], Meta(description='Money that contacts paid in ahead, by currency sign; "" as above')
    ] = msgspec.field(default_factory=dict[str, MoneyFigures])


class PeriodFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time, and its figures."""

    since: Annotated[str, Meta(description="First moment, as the report's clock shows it: 2026-10-01T00:00:00")]
    until: Annotated[str, Meta(description="First moment that is not part of it any more")]
    figures: Figures


class ShopFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one shop, on its own clock. What the API does not tell by shop is null."""

    uuid: Annotated[str, Meta(description='Its uuid; "" gathers what names no shop')]
    name: str
    timezone: str
    current: Figures
    previous: Figures
    year_before: Figures


class DayFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One day of the period."""

    day: Annotated[str, Meta(description="2026-10-01")]
    transactions: int
    credits_given: int


class CustomerFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One of the best customers: most credits given in the period, less those taken back."""

    customer: Annotated[str, Meta(description="A pseudonym that stays the same; with names, the e-mail address")]
    credits: int
    transactions: int


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the report can't tell."""

    code: Annotated[str, Meta(description="What it is, for programs")]
    about: str = ""
    detail: str = ""
    text: Annotated[str, Meta(description="What it is and why, a sentence in English")]


class ReportData(msgspec.Struct, frozen=True, kw_only=True):
    """A report. Keys are added by later versions, and none is renamed while `version` stays."""

    version: Annotated[int, Meta(description="Of this schema")] = VERSION
    account: Annotated[str | None, Meta(description="The account's name, if the API tells it")]
    made_at: Annotated[str, Meta(description="When it was computed, by the API's clock")]
    timezone: Annotated[str, Meta(description="The clock that days and months are cut by, save a shop's own")]
    complete: Annotated[bool, Meta(description="Whether the period was over when the report was made")]
    current: PeriodFigures
    previous: PeriodFigures
    year_before: PeriodFigures
    shops: Annotated[list[ShopFigures], Meta(description="Every shop with a transaction so far")]
    months: Annotated[list[PeriodFigures], Meta(description="Thirteen months, the last the period's own")]
    days: Annotated[list[DayFigures], Meta(description="Each day of the period")]
    hours: Annotated[
        list[list[int]],
        Meta(description="Transactions of the period by weekday (Monday first) and hour (24), on the shops' clocks"),
    ]
    best_customers: list[CustomerFigures]
    left_out: Annotated[list[LeftOut], Meta(description="What the report can't tell, and why")]


def schema() -> dict[str, Any]:
    """The JSON Schema of a report."""
    return msgspec.json.schema(ReportData)
