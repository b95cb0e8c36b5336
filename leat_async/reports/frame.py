"""What all pages are made of: one file of HTML, of which nothing comes from anywhere else (extra `report`)."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.resources import files
from typing import Any

from ..written import spelled_out
from .charts import ChartSeries
from .language import Writer
from .rows import Kind


def whole(write: Writer, title: str, shown: str) -> str:
    """A page that shows this."""
    return rendered("page.html", w=write, title=title, style=safe(_style()), body=safe(shown))


def in_notebook(shown: str) -> str:
    """What a notebook shows: a page without its frame."""
    return f"<style>{_style()}</style>{shown}"


def rendered(template: str, **values: Any) -> str:
    """A template with these values."""
    jinja2: Any = import_module("jinja2")
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("leat_async.reports"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, finalize=_readable,
    )  # fmt: skip
    return str(templates.get_template(template).render(**values))


def _readable(value: Any) -> Any:
    # Names of guests, files and rewards may hold anything; HTML of ours is none of them, and a class of its own.
    return spelled_out(value) if type(value) is str else value


def _style() -> str:
    return (files("leat_async.reports") / "templates" / "page.css").read_text(encoding="utf-8")


def safe(text: str) -> Any:
    """Text that is HTML already."""
    markup: Any = import_module("markupsafe")
    return markup.Markup(text)


def drawing(
    write: Writer,
    title: str,
    svg: str,
    first: str,
    labels: Sequence[str],
    series: Sequence[ChartSeries],
    *,
    kind: Kind = "count",
) -> dict[str, Any]:
    """A chart, and the table of what it shows."""
    names = [one.name for one in series]
    cells = zip(labels, *([write.amount(value, kind) for value in one.values] for one in series), strict=True)
    return {
        "title": title,
        "svg": safe(svg),
        "key": names if len(names) > 1 else [],
        "head": [first, *names],
        "rows": list(cells),
    }


def card(write: Writer, name: str, value: str, share: float | None, way: str = "") -> dict[str, str]:
    """A figure in a box, and by which share it changed; `way`: "up" or "down", left out where neither is better."""
    return {"name": name, "value": value, "change": write.change(share), "way": way}
