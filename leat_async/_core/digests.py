"""Digests of texts, the same in every process and version: ledgers and exports know rows and accounts by them."""

from __future__ import annotations

import hashlib


def packed(*parts: str | bytes) -> bytes:
    """Texts as one; where one ends and the next begins counts."""
    pieces = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join([b"%d:%b" % (len(piece), piece) for piece in pieces])


def digest(*parts: str | bytes) -> str:
    """A digest of texts."""
    return hashlib.blake2b(packed(*parts), digest_size=16).hexdigest()


def raw_digest(*parts: str | bytes) -> bytes:
    """The same as bytes."""
    return hashlib.blake2b(packed(*parts), digest_size=16).digest()


def raw_digest_after(beginning: bytes, last: bytes) -> bytes:
    """The same of several texts of which all but the last are packed already."""
    return hashlib.blake2b(b"%b%d:%b" % (beginning, len(last), last), digest_size=16).digest()


def digest_after(beginning: bytes, last: bytes) -> str:
    """The digest of several texts of which all but the last are packed already."""
    return hashlib.blake2b(b"%b%d:%b" % (beginning, len(last), last), digest_size=16).hexdigest()
