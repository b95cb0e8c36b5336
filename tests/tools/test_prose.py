"""The wording of generated docstrings."""

from __future__ import annotations

import ast
import textwrap

from tools.prose import RULES, Prose, drop_item, quote


def test_rules_match_across_line_breaks_and_long_lines_are_wrapped() -> None:
    prose = Prose([("one two", "a much longer wording than before, " * 4 + "end")])
    text = "A sentence.\n\nParameters:\n    name: this is one\n        two, and it goes on\n    other: short."
    lines = prose.translate("here", text, 8).split("\n")
    assert all(len(line) <= 120 - 8 for line in lines)
    assert lines[-1] == "    other: short."
    assert [line for line in lines if line.startswith("    ") and not line.startswith("     ")] == [
        line for line in lines if line.lstrip().startswith(("name:", "other:"))
    ]
    assert " ".join(" ".join(lines).split()).count("a much longer wording than before,") == 4
    prose.check()


def test_no_word_is_lost_in_wrapping() -> None:
    text = "Repeating: one two and " + "word " * 40 + "end.\nFacts: documented."
    wrapped = Prose([("one two", "one and two")]).translate("here", text, 8)
    assert wrapped.split() == text.replace("one two", "one and two").split()
    assert max(len(line) for line in wrapped.split("\n")) <= 112


def test_docstrings_survive_quoting() -> None:
    for doc in ("One line.", 'With "quotes" and \\ and """three""".', "Two.\n\nParts:\n    a: b."):
        text = quote(doc, 4)
        assert ast.literal_eval(textwrap.dedent(text)).replace("\n    ", "\n").rstrip() == doc.replace("\n    ", "\n")


def test_an_item_is_dropped_with_its_continuation() -> None:
    doc = "Parameters:\n    a: one\n        more\n    b: two\n\nReturns:\n    a: not this."
    assert drop_item(doc, "a") == "Parameters:\n    b: two\n\nReturns:\n    a: not this."
    assert RULES
