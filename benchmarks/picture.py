"""The picture of the figures, docs/performance.png, out of benchmarks/results.json.

    python -m benchmarks.picture    # `make bench` does so as well

Narrow and high, so that its words are as large as those around it on a phone.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS, PICTURE = HERE / "results.json", HERE.parent / "docs" / "performance.png"
# In inches of 72 points: a phone shows a point as about a pixel.
WIDTH, HEIGHT_OF_A_BAR, AROUND = 4.6, 0.26, 0.85


def shown() -> list[dict[str, Any]]:
    """Calls per second by library, and the time to read a page."""
    tables = json.loads(RESULTS.read_text())["tables"]
    wanted = [table for table in tables if table["name"].endswith("others") or table["name"].startswith("A page of")]
    return [{key: table[key] for key in ("name", "unit", "better", "medians")} for table in wanted]


def digest() -> str:
    """Of what is shown; the picture has it as its description, so that an outdated one is noticed."""
    return hashlib.sha256(json.dumps(shown()).encode()).hexdigest()[:16]


def draw() -> None:
    """Only this needs more than Python itself."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plot

    wanted = shown()
    heights = [AROUND + HEIGHT_OF_A_BAR * len(table["medians"]) for table in wanted]
    figure, axes = plot.subplots(
        len(wanted), 1, figsize=(WIDTH, sum(heights)), height_ratios=heights, layout="constrained"
    )
    for axis, table in zip(axes, wanted, strict=True):
        _bars(axis, table)
    figure.savefig(PICTURE, dpi=150, metadata={"Description": digest(), "Software": None})


def _bars(axis: Any, table: dict[str, Any]) -> None:
    medians: dict[str, float] = table["medians"]
    best_first = sorted(medians, key=medians.__getitem__, reverse=table["better"] == "less")
    colours = ["#c2410c" if who.startswith("leat_async") else "#94a3b8" for who in best_first]
    bars = axis.barh(best_first, [medians[who] for who in best_first], color=colours)
    axis.bar_label(bars, fmt="{:,.0f}", padding=3, fontsize=10)
    name = table["name"].removesuffix(", others").partition(" (")[0]
    axis.set_title(f"{name}: {table['unit']}, {table['better']} is better", fontsize=10.5, loc="right")
    axis.tick_params(labelsize=10, length=0)
    # Each bar has its figure.
    axis.set_xticks([])
    axis.spines[["top", "right", "bottom"]].set_visible(False)
    axis.margins(x=0.2)


if __name__ == "__main__":
    draw()
