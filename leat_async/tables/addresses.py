"""E-mail addresses: one mailbox, in the notation that makes the same mailbox the same text."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

from .table import snippet
from .text_cells import named, text, visible

# The plainest addresses, which need no further look; a test compares it with the validator.
_PLAIN = re.compile(
    r"(?=[^@]{1,64}@.{4,189}\Z)[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:com|net|org|nl|be|de|fr|eu|lu)"
)
_RESERVED = ("test", "invalid", "example", "local")
_BRACKETED = re.compile(r"[^<>@]*<([^<>]+)>")
_PAIRS = {'"': '"', "'": "'", "<": ">", "(": ")", "[": "]", "«": "»", "“": "”", "‘": "’"}


def email(cell: Any) -> str:
    """One address, in lower case as the API keeps them. Raises `ValueError`."""
    written = text(cell)
    lowered = written.lower()
    if _PLAIN.fullmatch(lowered) and "--" not in lowered:
        return lowered
    return _checked(written)


@lru_cache(maxsize=4096)
def _checked(written: str) -> str:
    address = _bare(visible(written))
    address = unicodedata.normalize("NFC", address)
    for char in address:
        if unicodedata.normalize("NFKC", char) != unicodedata.normalize("NFC", char):
            raise ValueError(
                f"{snippet(address)} is no e-mail address: {named(char)} only looks like another character"
            )
    from email_validator import EmailNotValidError, validate_email

    # Names that no mail reaches are the addresses of tests and sandboxes; they are told from others by their end.
    reserved = address.rpartition(".")[2].lower() in _RESERVED and "." in address.rpartition("@")[2]
    end = ".com" if reserved else ""
    try:
        found = validate_email(address + end, check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        raise ValueError(f"{snippet(address)} is no e-mail address: {str(error).rstrip('.')}") from None
    return found.removesuffix(end)


def _bare(address: str) -> str:
    """An address without what programs put around it: `mailto:`, quotes, brackets, a name."""
    for _ in range(4):
        address = address.strip()
        if address[:7].lower() == "mailto:":
            address = address[7:].partition("?")[0]
        elif len(address) > 2 and _PAIRS.get(address[0]) == address[-1]:
            address = address[1:-1]
        else:
            bracketed = _BRACKETED.fullmatch(address)
            if bracketed is None:
                break
            address = bracketed[1]
    return address
