"""Four words of a key's hash, for two people who compare them: one at the box, one at the platform.

32 bits, and each guess costs WORK rounds, so that a key with the same words takes years of computing, not minutes.
"""

import hashlib
from functools import cache
from pathlib import Path

from shared.words.voice import Text

WORK = 200_000
COUNT = 4
_LIST = 256


def words_of(spki_der: bytes) -> Text:
    """Of a public key, in both languages."""
    octets = hashlib.pbkdf2_hmac("sha256", spki_der, b"openykt words v1", WORK, COUNT)
    said = [_words()[octet] for octet in octets]
    return Text(" ".join(zh for zh, _ in said), " ".join(en for _, en in said))


@cache
def _words() -> list[tuple[str, str]]:
    lines = Path(__file__).with_name("words.txt").read_text(encoding="utf-8").splitlines()
    found = [(line.split(" ")[0], line.split(" ")[1]) for line in lines]
    if len(found) != _LIST:
        raise RuntimeError("words.txt is not whole")
    return found
