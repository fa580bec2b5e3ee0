"""A secret in shares: any k of n officers open it together, fewer learn nothing (Shamir over AES's GF(256)).

One polynomial per byte; share x holds their values at x. Every share has a check value of its own, so that a slip of
the pen is seen when one officer types it, and all name the splitting they belong to. The joined secret is held against
the splitting's name. Refuses damaged, repeated, foreign and too few shares. Pure: random bytes come in. Table look-ups
take data-dependent time: a ceremony machine is for officers alone.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from shared.errors import KeyFault
from shared.words.voice import Text

SECRET_LEAST, SECRET_MOST = 16, 64
"""Bytes. The splitting's name is a hash of the secret, which a shorter one could be guessed from."""
SHARES_MOST = 16
_NAME_SIZE, _CHECK_SIZE = 4, 3
_FORMAT = 1
_HEAD_SIZE = 3 + _NAME_SIZE
_POLYNOMIAL = 0x11B
_GROUP = 4

Random = Callable[[int], bytes]


class ShareFault(KeyFault):
    """Happens when shares do not open a secret. Never carries their content."""


class ShareDamaged(ShareFault):
    """Happens when a share is not as it was handed out: mistyped, cut, another format."""


class SharesForeign(ShareFault):
    """Happens when shares belong to different splittings."""


class SharesRepeated(ShareFault):
    """Happens when one share is given twice."""


class SharesTooFew(ShareFault):
    """Happens when fewer shares are given than the splitting asks for."""


@dataclass(frozen=True, slots=True)
class Share:
    """One officer's part. threshold: how many are needed; number: 1..n; name: the splitting's, 4 B, not secret."""

    threshold: int
    number: int
    name: bytes
    octets: bytes = field(repr=False)

    @property
    def check(self) -> bytes:
        """3 bytes to compare aloud: tells nothing about the share and shows a wrong one."""
        return hashlib.sha256(b"openykt share v1\0" + self._body()).digest()[:_CHECK_SIZE]

    def to_bytes(self) -> bytes:
        """Format 1, threshold 1, number 1, name 4, content, check 3."""
        return self._body() + self.check

    def to_text(self) -> str:
        """The same in groups of four hexadecimal digits, to be written down and typed."""
        text = self.to_bytes().hex().upper()
        return "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))

    def _body(self) -> bytes:
        return bytes((_FORMAT, self.threshold, self.number)) + self.name + self.octets


def split(secret: bytes, threshold: int, count: int, random: Random) -> tuple[Share, ...]:
    """`count` shares of a secret of 16 to 64 bytes, any `threshold` (2 and up) of which join it; ShareFault."""
    if not SECRET_LEAST <= len(secret) <= SECRET_MOST or not 2 <= threshold <= count <= SHARES_MOST:
        raise ShareFault(
            Text(
                "秘密须为 16 至 64 字节，2 <= k <= n <= 16 份",
                "a secret of 16 to 64 bytes, and 2 <= k <= n <= 16 shares",
            )
        )
    rows = [secret] + [random(len(secret)) for _ in range(threshold - 1)]
    name = _name(secret)
    return tuple(Share(threshold, x, name, _at(rows, x)) for x in range(1, count + 1))


def join(shares: Sequence[Share]) -> bytes:
    """The secret; SharesTooFew, SharesRepeated, SharesForeign, ShareDamaged. Shares beyond k are checked, too."""
    if not shares:
        raise SharesTooFew(Text("没有份额", "no share was given"))
    first = shares[0]
    if any((s.threshold, s.name, len(s.octets)) != (first.threshold, first.name, len(first.octets)) for s in shares):
        raise SharesForeign(Text("份额不属于同一次拆分", "the shares belong to different splittings"))
    if len({share.number for share in shares}) < len(shares):
        raise SharesRepeated(Text("同一份额出现两次", "one share was given twice"))
    if len(shares) < first.threshold:
        raise SharesTooFew(
            Text(
                f"需要 {first.threshold} 份，只有 {len(shares)} 份",
                f"wants {first.threshold} shares, there are {len(shares)}",
            )
        )
    secret = _interpolated(shares)
    if _name(secret) != first.name:
        raise ShareDamaged(Text("份额合不出原来的密钥", "the shares do not join to what was split"))
    return secret


def from_bytes(raw: bytes) -> Share:
    """A share; ShareDamaged when its check value does not fit."""
    if not _HEAD_SIZE + SECRET_LEAST + _CHECK_SIZE <= len(raw) <= _HEAD_SIZE + SECRET_MOST + _CHECK_SIZE:
        raise ShareDamaged(Text("份额长度不对", "a share of wrong length"))
    share = Share(raw[1], raw[2], raw[3:_HEAD_SIZE], raw[_HEAD_SIZE:-_CHECK_SIZE])
    bounds = raw[0] == _FORMAT and 2 <= share.threshold <= SHARES_MOST and 1 <= share.number <= SHARES_MOST
    if not bounds or share.check != raw[-_CHECK_SIZE:]:
        raise ShareDamaged(Text("份额校验值不符", "a share whose check value does not fit"))
    return share


def from_text(text: str) -> Share:
    """A typed share: hexadecimal, any case, spaces and dashes ignored; ShareDamaged."""
    try:
        raw = bytes.fromhex("".join(text.replace("-", " ").split()))
    except ValueError:
        raw = b""
    return from_bytes(raw)


def _name(secret: bytes) -> bytes:
    return hashlib.sha256(b"openykt splitting v1\0" + secret).digest()[:_NAME_SIZE]


def _at(rows: Sequence[bytes], x: int) -> bytes:
    """Value at x of the polynomials whose coefficients are the columns of rows (Horner)."""
    value = bytes(len(rows[0]))
    for row in reversed(rows):
        value = bytes(_times(v, x) ^ c for v, c in zip(value, row, strict=True))
    return value


def _interpolated(shares: Sequence[Share]) -> bytes:
    """Lagrange at 0."""
    total = bytes(len(shares[0].octets))
    for share in shares:
        weight = 1
        for other in shares:
            if other is not share:
                weight = _times(weight, _times(other.number, _inverse(other.number ^ share.number)))
        total = bytes(t ^ _times(weight, octet) for t, octet in zip(total, share.octets, strict=True))
    return total


def _tables() -> tuple[bytes, bytes]:
    power, value, log = bytearray(510), 1, bytearray(256)
    for exponent in range(255):
        power[exponent] = power[exponent + 255] = value
        log[value] = exponent
        value ^= value << 1  # times 3, a generator
        if value > 0xFF:
            value ^= _POLYNOMIAL
    return bytes(power), bytes(log)


_POWER, _LOG = _tables()


def _times(left: int, right: int) -> int:
    return _POWER[_LOG[left] + _LOG[right]] if left and right else 0


def _inverse(value: int) -> int:
    return _POWER[255 - _LOG[value]]
