"""The pictures of the docs, and what they are of."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path

IMAGES = Path(__file__).parents[1] / "docs" / "images"
MADE_OF = Path(__file__).parent / "snapshots" / "pictures.json"
# `make pictures`: they are made anew instead of being checked.
ANEW = bool(os.environ.get("LEAT_SCREENSHOTS"))


def check_picture(name: str, html: str) -> None:
    """Its page is still what it was when it was taken; what numbers it shows, moments among them, does not count."""
    made_of: dict[str, str] = json.loads(MADE_OF.read_text("utf-8"))
    page = re.sub(r"(?s)(<(?:style|script).*?</(?:style|script)>)|\d+", lambda found: found[1] or "0", html)
    digest = hashlib.sha256(page.encode()).hexdigest()[:16]
    if ANEW:
        MADE_OF.write_text(json.dumps({**made_of, name: digest}, indent=1, sort_keys=True) + "\n", "utf-8")
    else:
        assert made_of.get(name) == digest, f"docs/images/{name} is of a page that has changed: `make pictures`"
