"""A new module gets its line in the lists; what is written by hand beside them stays."""

from __future__ import annotations

import pytest

from tools import generate_lists
from tools.generate_lists import CLIENT, HANDLERS, MODELS
from tools.prose import GenerateError

from .test_generate import ROOT


def test_a_new_resource_becomes_an_attribute() -> None:
    text = (ROOT / CLIENT).read_text()
    resources = generate_lists.resources_in(ROOT / "leat_async/resources")
    again = generate_lists.client(text, dict(sorted({**resources, "moods": "Moods"}.items())))
    assert "moods,order_returns" in again
    assert "    loyalty_transactions: loyalty_transactions.LoyaltyTransactions\n    moods: moods.Moods\n" in again


def test_new_models_get_their_names() -> None:
    text = (ROOT / MODELS).read_text()
    families = generate_lists.classes_in(ROOT / "leat_async/models")
    again = generate_lists.models(text, {**families, "moods": ["Mood", "Weather"]})
    assert "    from .moods import Mood, Weather\n" in again
    assert "\"moods\": ('Mood', 'Weather')," in again
    assert '"Model","Mood","ObjectReference"' in again


def test_a_new_handler_goes_last_so_that_seed_data_stay() -> None:
    text = (ROOT / HANDLERS).read_text()
    there = generate_lists.handlers_in(ROOT / "leat_async/sandbox/resources")
    again = generate_lists.handlers(text, sorted([*there, "a_new_one"]))
    assert again.partition("_HANDLERS = (")[2].partition(")")[0].endswith(",a_new_one,")
    assert "vouchers,a_new_one" not in again
    gone = generate_lists.handlers(text, [name for name in there if name != "tiers"])
    assert "tiers" not in gone.partition("_HANDLERS = (")[2].partition(")")[0]


def test_what_is_not_understood_is_an_error() -> None:
    with pytest.raises(GenerateError, match="0 times where one list was expected"):
        generate_lists.client("class LeatClient: ...", {"moods": "Moods"})
