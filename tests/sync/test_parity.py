"""The two surfaces differ in `await`, and in Pager and SyncPager, and in nothing else."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any, get_type_hints

import pytest

import leat_async
from leat_async import bulk, export, pagination
from leat_async.sync import LeatClient, SyncPager
from leat_async.sync import bulk as sync_bulk
from leat_async.sync import export as sync_export
from leat_async.sync._base import SyncResource
from tools.generate_sync import EXEMPT

# Names of one side only, and why.
ONLY_SYNC = {"close": "the twin of aclose"}


def resources() -> Iterator[tuple[str, type, type]]:
    for name, where in inspect.get_annotations(leat_async.LeatClient).items():
        if name.startswith("_"):
            continue
        module, _, kind = where.partition(".")
        yield (
            name,
            getattr(import_module(f"leat_async.resources.{module}"), kind),
            getattr(import_module(f"leat_async.sync.resources.{module}"), kind),
        )


PAIRS = [("LeatClient", leat_async.LeatClient, LeatClient), *resources()]


def public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


def signature(function: Any, drop: tuple[str, ...] = ()) -> list[tuple[str, Any, Any, Any]]:
    return [
        # What is passed to an export is a resource of the same side.
        (p.name, p.kind, p.default, str(p.annotation).replace("SyncListResource[", "ListResource["))
        for p in inspect.signature(function).parameters.values()
        if p.name not in drop
    ]


def test_the_clients_have_the_same_resources() -> None:
    ours = {name: where for name, where in inspect.get_annotations(LeatClient).items() if not name.startswith("_")}
    theirs = {name: where for name, where in inspect.get_annotations(leat_async.LeatClient).items() if name[0] != "_"}
    assert ours == theirs
    assert len(ours) >= 10


@pytest.mark.parametrize(("name", "theirs", "ours"), PAIRS, ids=[name for name, *_ in PAIRS])
def test_every_member_has_its_twin(name: str, theirs: type, ours: type) -> None:
    exempt = {key.split(".")[1] for key in EXEMPT if key.count(".") == 1 and key.startswith(f"{theirs.__name__}.")}
    added = set(ONLY_SYNC) if name == "LeatClient" else set()
    assert public(theirs) - exempt == public(ours) - added
    for member in public(theirs) - exempt:
        there, here = inspect.getattr_static(theirs, member), inspect.getattr_static(ours, member)
        if isinstance(there, property):
            assert isinstance(here, property)
            there, here = there.fget, here.fget
        if isinstance(there, classmethod):
            assert isinstance(here, classmethod)
            there, here = there.__func__, here.__func__
        assert signature(here) == signature(there), member
        returns, original = inspect.signature(here).return_annotation, inspect.signature(there).return_annotation
        assert returns == re.sub(r"\bPager\[", "SyncPager[", original), member
        assert not inspect.iscoroutinefunction(here), member
        assert bool(here.__doc__) == bool(there.__doc__), member
        get_type_hints(here)  # all names of the annotations are there at run time
    assert inspect.getdoc(ours)


def test_the_constructors_differ_by_what_is_exempt() -> None:
    dropped = tuple(key.rpartition(".")[2] for key in EXEMPT if key.startswith("LeatClient.__init__."))
    assert signature(LeatClient.__init__) == signature(leat_async.LeatClient.__init__, dropped)
    assert dropped == ("session",)


def test_pagers_have_the_same_methods() -> None:
    assert public(SyncPager) == public(pagination.Pager)
    for name in public(SyncPager):
        assert signature(getattr(SyncPager, name)) == signature(getattr(pagination.Pager, name))


@pytest.mark.parametrize("name", ["rows", "to_file"])
def test_export_has_the_same_signatures(name: str) -> None:
    assert signature(getattr(sync_export, name)) == signature(getattr(export, name))


@pytest.mark.parametrize("name", ["create", "run"])
def test_bulk_has_the_same_signatures(name: str) -> None:
    ours, theirs = getattr(sync_bulk, name), getattr(bulk, name)
    assert signature(ours) == signature(theirs)
    assert inspect.signature(ours).return_annotation == inspect.signature(theirs).return_annotation
    assert {word.strip(" :") for word in re.findall(r"^ {8}[\w, ]+:", ours.__doc__, re.MULTILINE)} == {
        word.strip(" :") for word in re.findall(r"^ {8}[\w, ]+:", theirs.__doc__, re.MULTILINE)
    }


def test_the_modules_have_the_same_names() -> None:
    assert set(sync_bulk.__all__) == set(bulk.__all__)
    assert public(sync_bulk.Run) - {"close", "send", "throw"} == public(bulk.Run) - {"aclose"}
    module = leat_async.sync
    assert set(module.__all__) == {"SyncPager" if name == "Pager" else name for name in leat_async.__all__} - {"sync"}
    for name in module.__all__:
        assert getattr(module, name) is not None
        if name not in ("LeatClient", "SyncPager", "bulk", "export"):
            assert getattr(module, name) is getattr(leat_async, name)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        (
            "list",
            {"conact_uuid": "c"},
            r"visits\.list: got an unexpected .*'conact_uuid'; did you mean con",
        ),
        ("list", {"zzz": 1}, r"visits\.list: got an unexpected .*'zzz'; it takes contact_uuid, "),
    ],
)
def test_both_sides_name_the_keywords_that_a_call_knows(name: str, given: dict[str, Any], said: str) -> None:
    for visits in (leat_async.LeatClient("t").visits, LeatClient("t").visits):
        with pytest.raises(TypeError, match=said):
            getattr(visits, name)(**given)


def test_what_else_does_not_fit_is_as_python_says_it() -> None:
    with LeatClient("t") as leat:
        mistaken: Any = leat.visits
        with pytest.raises(TypeError, match=r"visits\.get: .*'expand'; it takes visit_uuid$"):
            mistaken.get("v", expand=1)
        with pytest.raises(TypeError, match="missing 1 required positional argument: 'visit_uuid'"):
            mistaken.get()
        with pytest.raises(TypeError, match="visit_uuid must be text, got 5"):
            mistaken.get(5)


def test_no_docstring_speaks_of_awaiting() -> None:
    for _, _, ours in PAIRS:
        texts = [ours.__doc__ or "", *(getattr(ours, name).__doc__ or "" for name in public(ours))]
        assert not [text for text in texts if re.search(r"\b(await|async|event loop|coroutine)\b", text)]


def test_every_resource_is_a_sync_resource() -> None:
    for name, _, ours in PAIRS[1:]:
        assert issubclass(ours, SyncResource), name
