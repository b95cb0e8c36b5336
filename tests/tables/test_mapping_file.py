"""Mappings kept in a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from leat_async.tables.mapping_file import load_mapping, load_programme, save_mapping
from leat_async.tables.planning import MappingError, make_plan


def test_what_is_kept_is_taken_up(tmp_path: Path) -> None:
    columns = ('Say "hi" \\', "E-mail", "Dag", "Uur", "Bon", "Vestiging", "Kassa")
    plan = make_plan(
        "visits", columns, maps=['Say "hi" \\=source', "Dag + Uur=starts_at"], ids=["Dag", "Bon"], shop="s-1"
    )
    file = tmp_path / "m.toml"
    save_mapping(file, plan, {"timezone": "Europe/Amsterdam", "day_first": True, "header_row": 3, "sheet": None})
    told = load_mapping(file, "visits")
    assert told["id"] == ["Dag", "Bon"]
    assert (told["timezone"], told["day_first"], told["header_row"]) == ("Europe/Amsterdam", True, 3)
    again = make_plan("visits", columns, maps=told["map"], sets=told["set"], ids=told["id"])
    assert again.fingerprint == plan.fingerprint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind = 'bookings'", "for other rows than visits"),
        ("timezon = 'x'", "did you mean 'timezone'"),
        ("day_first = 1", "day_first has a value of another kind"),
        ("header_row = true", "header_row has a value of another kind"),
        ("id = [1]", "id has a value of another kind"),
        ("columns = {a = 1}", "columns has a value of another kind"),
        ("columns = ", "can't be read"),
        ("\udcff", "can't be read"),
        (f"columns = {'[' * 5000}", "can't be read"),
    ],
)
def test_files_that_make_no_sense_are_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "m.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(MappingError, match=said):
        load_mapping(tmp_path / "m.toml", "visits")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="no such file"):
        load_mapping(tmp_path / "none.toml", "visits")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        # Passed over, it would let rows be sent that are to be left out.
        ("[contacts]\nfile = 'c.csv'\nonly_with = ['emial']", "names 'emial', which is no .*did you mean 'email'"),
        ("[visits]\nfile = 'v.csv'\nonly_with = ['attributes.x']", "names 'attributes.x', which is no parameter"),
        ("[contacts]\nfile = 'c.csv'\nonly_with = [1]", "only_with of .contacts. has a value of another kind"),
        ("[contacts]\nfile = 'c.csv'\none_each = 'balance'", "one_each is for credit-receptions"),
    ],
)
def test_what_several_imports_are_told_is_known_to_each(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "m.toml").write_text(text)
    with pytest.raises(MappingError, match=said):
        load_programme(tmp_path / "m.toml")


def test_rows_may_be_told_by_an_attribute(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text("[contacts]\nfile = 'c.csv'\nonly_with = ['email', 'attributes.first_name']")
    assert load_programme(tmp_path / "m.toml")["contacts"]["only_with"] == ["email", "attributes.first_name"]
