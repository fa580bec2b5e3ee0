"""Takes known secrets out of what leaves an installation, by their letters, in every spelling that is known. Pure.

A list of what may go comes first (allowed.py); this is the second net, for what a text quotes that nobody thought of.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from shared.support.cleaning import cleaned

LITERAL_MIN = 6
"""Shorter ones are words of everybody, and would take half a text with them."""
WORD_MIN = 8
"""Of a word in a file of secrets: shorter ones are user names."""
GONE = "‹secret›"
_TELLING = re.compile(r"(?i)key|secret|passw|token|psk|pin|login|share|seed|salt|dsn|credential|auth")
"""In the name of a setting: what stands behind it is told to nobody, whatever it is."""
_OPEN = frozenset({"campus_key", "ack_key", "ack_certificate", "key_version"})
"""Public halves and numbers."""
_FILE_NAME = re.compile(r"[\w./-]+\.(?:pem|key|json|toml|db|bin|sock|login|token)")
_HEX = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{16,}(?![0-9A-Fa-f])")
_LONG_HEX = re.compile(r"(?<![0-9A-Za-z])([0-9A-Fa-f]{4})[0-9A-Fa-f]{28,}(?![0-9A-Za-z])")
_RANDOM = re.compile(
    r"(?<![A-Za-z0-9+/_-])(?=[a-z0-9+/_-]*[A-Z])(?=[A-Z0-9+/_-]*[a-z])(?=[A-Za-z]*[0-9+/=_-])"
    r"([A-Za-z0-9+_-]{2})[A-Za-z0-9+/_-]{18,}={0,2}"
)
"""Sixteen bytes or more in hexadecimal or base64: where a broken file has lost its half, its secret is known to nobody,
and may still stand in a log. A digest goes with it, which nobody misses."""
_URL_LOGIN = re.compile(r"://[^/\s:@]*:([^@\s/]+)@")
_PEM = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?(?:-----END \1-----|\Z)", re.DOTALL)
_VALUE = re.compile(r"""["']?([A-Za-z_]+)["']?\s*[:=]\s*["']([^"']{6,})["']""")


def spellings(secret: bytes) -> Iterator[str]:
    """How it may stand in a text."""
    yield from (secret.hex(), secret.hex().upper())
    yield from _unpadded(base64.b64encode(secret).decode("ascii"))
    yield from _unpadded(base64.urlsafe_b64encode(secret).decode("ascii"))
    try:
        text = secret.decode("utf-8")
    except UnicodeDecodeError:
        return
    yield from (text, quote(text, safe=""), json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
    yield repr(text)[1:-1]


def _unpadded(text: str) -> tuple[str, str]:
    return text, text.rstrip("=")


def secrets_in(raw: bytes, *, is_secret: bool) -> Iterator[bytes]:
    """What of a file must never be told. is_secret: all of it, line by line; else what stands behind a telling name.

    Broken files, too: nothing is parsed, for the failing set-up is the one that is sent.
    """
    text = raw.decode("utf-8", "replace")
    if is_secret:
        yield raw
        yield from _lines(text)
    for name, value in _VALUE.findall(text):
        if _TELLING.search(name) and name not in _OPEN and not _FILE_NAME.fullmatch(value):
            yield from _both(value)
    yield from (found.encode() for found in _URL_LOGIN.findall(text))


def _lines(text: str) -> Iterator[bytes]:
    for line in text.splitlines():
        if not line.startswith("-----") and line.strip():
            words = (line.strip(), line.partition(":")[2].strip(), *line.split())
            yield from (word.encode() for word in words if len(word) >= WORD_MIN)
            for found in _HEX.findall(line):
                yield from _both(found)


def _both(value: str) -> Iterator[bytes]:
    """As it stands, and its bytes where it is hexadecimal."""
    yield value.encode()
    if _HEX.fullmatch(value) and len(value) % 2 == 0:
        yield bytes.fromhex(value)


class Sweep:
    """All that is known, longest first, so that a part of a secret never hides the rest of it."""

    def __init__(self, secrets: Iterable[bytes]) -> None:
        found = {spelling for secret in secrets for spelling in spellings(secret) if len(spelling) >= LITERAL_MIN}
        ordered = sorted(found, key=lambda one: (-len(one), one))
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None
        self.known = len(ordered)
        self.taken = 0

    def __call__(self, text: str) -> str:
        """Without any of them, without what looks like one, private keys, passwords, links and card numbers."""
        for shape in (_LONG_HEX, _RANDOM):
            text = shape.sub(r"\1…", self.known_taken(text))
        return "\n".join(map(cleaned, text.split("\n")))

    def known_taken(self, text: str) -> str:
        """Only what is known: for our own digests."""
        text = _PEM.sub(self._gone, text)
        return text if self._pattern is None else self._pattern.sub(self._gone, text)

    def finds(self, text: str) -> bool:
        """Is any of them in it?"""
        return bool(_PEM.search(text)) or (self._pattern is not None and bool(self._pattern.search(text)))

    def _gone(self, _: "re.Match[str]") -> str:
        self.taken += 1
        return GONE
