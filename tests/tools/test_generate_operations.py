"""docs/operations.md says what the code declares."""

from __future__ import annotations

import re

from tools import generate_operations

from ..resources.table import OPERATIONS


def test_the_page_has_every_operation_once() -> None:
    named = re.findall(r"^\| `(\w+\.\w+)` \|", generate_operations.page(), re.MULTILINE)
    assert sorted(named) == sorted(OPERATIONS)


def test_a_row_says_what_the_declaration_says() -> None:
    rows = generate_operations.page().splitlines()
    for row in (
        "| `visits.create` | `POST /visits` | `Visit` | action |  | yes | yes | documented |",
        "| `contacts.get_tier` | `GET /contacts/{contact_uuid}/tier` | `Tier`, `None` | safe |  |  |  | documented |",
        "| `tiers.list` | `GET /tiers` | `Pager[Tier]` | safe |  |  |  | documented |",
        "| `register.get` | `GET /` | `Register` | safe |  | only |  | observed in a client |",
        "| `visits.create_batch` | `POST /visits/batch` | `data` | action |  |  | no | assumed |",
    ):
        assert row in rows, row
