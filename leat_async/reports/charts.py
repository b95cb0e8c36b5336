"""Charts as SVG that stands in a page: its colours, fonts and widths are those of the page (extra `report`).

pygal draws them, the smallest of the libraries that were compared: half a megabyte, where matplotlib brings ninety
and Altair with its renderer as many.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any
from xml.etree import ElementTree

import attrs

from ..written import spelled_out

# Narrow, so that the writing in it can be read on a phone, where it is made as wide as the page.
_WIDTH = 480
_WRITING = 12
_NUMBER = re.compile(r"-?\d+\.\d+")
_NUMBERS = ("x", "y", "x1", "y1", "x2", "y2", "width", "height", "d", "transform")
_SERIES = re.compile(r"series serie-(\d+) ")
# What only pygal's own scripts would use.
_UNUSED = ("plot overlay", "plot text-overlay", "plot tooltip-overlay", "titles")


@attrs.frozen(kw_only=True)
class ChartSeries:
    """A name, and a value for each label."""

    name: str
    values: Sequence[float | None]


def bars(
    title: str,
    labels: Sequence[str],
    series: Sequence[ChartSeries],
    write: Callable[[float], str],
    *,
    stacked: bool = False,
    every: int = 1,
    height: int = 250,
) -> str:
    """Bars beside each other, or on each other; every so many of the labels are written.

    Here and below: nothing where there is nothing to draw.
    """
    return _drawn("StackedBar" if stacked else "Bar", title, labels, series, write, every, height)


def lines(
    title: str, labels: Sequence[str], series: Sequence[ChartSeries], write: Callable[[float], str], *, every: int = 1
) -> str:
    """A line for each series."""
    return _drawn("Line", title, labels, series, write, every, 250)


def across(title: str, labels: Sequence[str], series: Sequence[ChartSeries], write: Callable[[float], str]) -> str:
    """Bars from left to right, for labels that are long."""
    return _drawn("HorizontalBar", title, labels, series, write, 1, 60 + 34 * len(labels))


def _drawn(
    kind: str,
    title: str,
    labels: Sequence[str],
    series: Sequence[ChartSeries],
    write: Callable[[float], str],
    every: int,
    height: int,
) -> str:
    if not any(any(one.values) for one in series):
        return ""
    pygal = _pygal()
    chart = getattr(pygal, kind)(
        style=pygal.style.Style(label_font_size=_WRITING, major_label_font_size=_WRITING),
        css=(),
        js=(),
        width=_WIDTH,
        height=height,
        show_legend=False,
        margin=6,
        margin_top=12,
        truncate_label=-1,
        show_minor_x_labels=every == 1,
        x_labels_major_every=every if every > 1 else None,
        show_y_guides=kind != "HorizontalBar",
        show_x_guides=kind == "HorizontalBar",
        min_scale=3,
        max_scale=6,
        include_x_axis=True,
        dots_size=3,
    )
    labels = [spelled_out(label) for label in labels]
    chart.x_labels = [f"{label} " for label in labels] if kind == "HorizontalBar" else labels
    chart.value_formatter = write
    for one in series:
        chart.add(one.name, list(one.values))
    root = chart.render_tree()
    _trim(root)
    _name(root, [one.name for one in series] if len(series) > 1 else [])
    root.attrib.pop("id", None)
    root.set("xmlns", "http://www.w3.org/2000/svg")
    root.set("class", "chart")
    root.set("role", "img")
    root.set("aria-label", title)
    return ElementTree.tostring(root, encoding="unicode")


def _pygal() -> Any:
    """The library, without the hook that it leaves for maps, which warns on every later import on Python 3.11."""
    before = list(sys.meta_path)
    found = import_module("pygal")
    # Others that came meanwhile stay: without its finder, nobody would find the metadata of packages any more.
    sys.meta_path[:] = [finder for finder in sys.meta_path if finder in before or hasattr(finder, "find_spec")]
    return found


def _trim(node: Any) -> None:
    """Take away what is for pygal's own scripts and styles, and digits that nobody sees."""
    for child in list(node):
        kind = child.get("class", "") if isinstance(child.tag, str) else None
        if kind is None or child.tag in ("defs", "title") or kind in _UNUSED:
            node.remove(child)
            continue
        for name in _NUMBERS:
            if name in child.attrib:
                child.set(name, _NUMBER.sub(lambda found: f"{float(found[0]):.1f}", child.get(name)))
        if child.get("class", "").startswith("rect "):
            child.set("class", "rect")
        _trim(child)


def _name(root: Any, series: Sequence[str]) -> None:
    """Have each bar and dot say what it stands for when it is pointed at."""
    for group in list(root.iter("g")):
        found = _SERIES.match(group.get("class", ""))
        if found is None:
            continue
        name = series[int(found[1])] if series else ""
        for node in group.iter("g"):
            told = {child.get("class"): child for child in node if child.tag == "desc"}
            if "value" not in told:
                continue
            label = told["x_label"].text.strip() if "x_label" in told else ""
            for child in told.values():
                node.remove(child)
            title = ElementTree.SubElement(node, "title")
            title.text = ", ".join(part for part in (label, name, told["value"].text) if part)
