"""Addresses: one mailbox, in one notation."""

from __future__ import annotations

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from leat_async.tables import addresses, values
from leat_async.tables.moments import ValueRules

PLAIN = ValueRules()


@pytest.mark.parametrize("cell", ["a@b", "a b@c.nl", "a@b.nl; c@d.nl", "a@b@c.nl", "@b.nl", "a@.nl.", "x"])
def test_what_is_no_address(cell: str) -> None:
    with pytest.raises(ValueError, match="no e-mail address"):
        values.email(cell, PLAIN)


def test_addresses_are_normalised() -> None:
    assert values.email("  Zoë.O'Neil+x@Example.CO.UK ", PLAIN) == "zoë.o'neil+x@example.co.uk"


@pytest.mark.parametrize(
    "written",
    [
        " ada@example.com", "\u200bada@example.com", "ada@example.com\u2060", "\xa0ADA@Example.com\xa0",
        "\ufeffada@example.com", "\u202aada@example.com\u202c", "mailto:ada@example.com?subject=x", "<ada@example.com>",
        '"ada@example.com"', "Ada Lovelace <ada@example.com>", "'<mailto:ada@example.com>'",
    ],
)  # fmt: skip
def test_disguises_of_one_mailbox(written: str) -> None:
    assert addresses.email(written) == "ada@example.com"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("a\xadda@example.com", r"U\+00AD \(SOFT HYPHEN\)"),
        ("ada@exam\u200bple.com", r"U\+200B \(ZERO WIDTH SPACE\)"),
        ("ada＠example.com", r"U\+FF20 \(FULLWIDTH COMMERCIAL AT\)"),
        ("ada@example.com, bob@example.com", "no e-mail address"),
        ("ada@example", "no e-mail address"),
        ("a..da@example.com", "no e-mail address"),
        ("ada@" + "x" * 80 + ".com", "no e-mail address"),
        ("#N/A", "error of a spreadsheet"),
    ],
)
def test_what_only_looks_like_an_address(written: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        addresses.email(written)


def test_one_mailbox_in_two_scripts_of_its_domain() -> None:
    assert addresses.email("zoë@xn--bcher-kva.de") == addresses.email("Zoe\u0308@Bücher.de") == "zoë@bücher.de"


def test_addresses_of_tests_are_addresses() -> None:
    assert addresses.email("Ada@sandbox.invalid") == "ada@sandbox.invalid"


@given(st.from_regex(r"[a-z0-9._+-]{1,8}@[a-z0-9.-]{1,10}\.(com|nl|org)", fullmatch=True))
def test_what_needs_no_look_is_what_the_validator_takes(address: str) -> None:
    try:
        valid = validate_email(address, check_deliverability=False).normalized
    except EmailNotValidError:
        with pytest.raises(ValueError, match="no e-mail address"):
            addresses.email(address)
    else:
        assert addresses.email(address) == valid
