"""What every model can do: tell what it is, and be copied, changed and compared without losing what came."""

from __future__ import annotations

import copy
import datetime as dt
import json
import pickle
import sys
from typing import Any

import attrs
import pytest

from leat_async import models, structure, unstructure
from leat_async._core.codec import compiled, encode
from leat_async.errors import DecodeError
from leat_async.models import Contact, Model, Visit

CONTACT = {
    "uuid": "c-1",
    "email": "ada@example.com",
    "tier": {"uuid": "t-1", "name": "Gold", "discount": 5},
    "credit_balance": {"balance": 12},
    "favourite": {"dish": "pizza"},
}


def both_ways(data: dict[str, object]) -> list[Contact]:
    """A contact as each of the two decoders makes it."""
    read = compiled(Contact, encode({"data": data}))
    assert read is not None
    return [structure(data, Contact), read]


@pytest.mark.parametrize("contact", both_ways(CONTACT), ids=["tolerant", "compiled"])
def test_attrs_and_copy_keep_what_came_and_show_no_bytes(contact: Contact) -> None:
    shown = attrs.asdict(contact)
    assert "_raw" not in shown
    assert shown["email"] == "ada@example.com"
    assert shown["extra"] == {"favourite": {"dish": "pizza"}}
    assert shown["tier"]["extra"] == {"discount": 5}
    assert "bytes" not in repr(shown)
    json.dumps(shown)
    changed = attrs.evolve(contact, email="lovelace@example.com")
    assert changed.to_dict() == {**CONTACT, "email": "lovelace@example.com"}
    assert attrs.evolve(changed).extra == contact.extra
    assert pickle.loads(pickle.dumps(changed)).to_dict() == changed.to_dict()


@pytest.mark.parametrize("default", [Model.to_dict, unstructure])
def test_json_dumps_says_what_it_can_not_write(default: Any) -> None:
    contact = structure(CONTACT, Contact)
    assert json.loads(json.dumps({"contact": contact}, default=default)) == {"contact": CONTACT}
    for other in (object(), {1}, 5j, dt.timedelta(1)):
        with pytest.raises(TypeError, match=f"^{type(other).__name__} .*can't be written as JSON"):
            json.dumps({"contact": contact, "other": other}, default=default)


@pytest.mark.skipif(sys.version_info < (3, 13), reason="copy.replace is new in Python 3.13")
def test_copy_replace_keeps_what_came() -> None:
    for contact in both_ways(CONTACT):
        changed = copy.replace(contact, email=None)  # type: ignore[attr-defined]
        assert changed.to_dict() == {**CONTACT, "email": None}
        assert changed.extra == contact.extra


def test_what_an_answer_said_beyond_its_model_can_not_be_changed() -> None:
    extra = structure(CONTACT, Contact).extra
    assert extra == {"favourite": {"dish": "pizza"}}
    with pytest.raises(TypeError, match=r"dict\(…\) makes a copy"):
        extra["favourite"] = 1  # type: ignore[index]
    with pytest.raises(TypeError):
        extra.clear()  # type: ignore[attr-defined]
    assert json.dumps(extra) == '{"favourite": {"dish": "pizza"}}'
    assert type(pickle.loads(pickle.dumps(extra))) is dict


def test_what_is_nested_too_deep_to_be_read_is_a_decode_error() -> None:
    """Newer Pythons read the model, skipping over it, and find out when it is asked for."""
    body = b'{"uuid": "v", "deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    visit = Visit(uuid="v", raw=body)  # type: ignore[call-arg]
    with pytest.raises(DecodeError, match="nested too deep") as caught:
        _ = visit.extra
    assert caught.value.body == body
    with pytest.raises(DecodeError, match="nested too deep"):
        visit.to_dict()


@pytest.mark.parametrize("contact", both_ways(CONTACT), ids=["tolerant", "compiled"])
def test_a_repr_shows_what_there_is(contact: Contact) -> None:
    assert repr(contact) == (
        "Contact(uuid='c-1', email='ada@example.com', tier=Tier(uuid='t-1', name='Gold'), "
        "credit_balance=CreditBalance(balance=12))"
    )
    assert repr(Visit()) == "Visit()"


def test_a_notebook_shows_a_table_without_what_gives_access() -> None:
    contact = structure({**CONTACT, "email": "<script>", "current_values": {"login": "https://secret"}}, Contact)
    html = contact._repr_html_()
    assert "<td>tier.name</td><td>Gold</td>" in html
    assert "&lt;script&gt;" in html
    assert "<script>" not in html
    turned = structure({**CONTACT, "email": "\u202emoc.elpmaxe@ada", "\u2066odd": 1}, Contact)
    assert "\\u202emoc.elpmaxe@ada" in turned._repr_html_()
    assert not set("\u202e\u2066") & set(turned._repr_html_())
    token = structure({"access_token": "do-not-show", "token_type": "Bearer"}, models.AccessToken)
    assert "do-not-show" not in html + token._repr_html_() + repr(token)
    assert "secret" not in html
