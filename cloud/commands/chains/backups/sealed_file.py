"""A copy is sealed on its way to the disk of backups: of a sealed backup nothing plain was ever on it.

AES-256-GCM in pieces of a mebibyte, under a key of the file's own (HKDF of the secret that opens the repository, and a
salt). A piece's nonce is its number, and whether it is the last one is authenticated with it: pieces cannot be left
out, moved or cut off. The secret stands in DATA/cloud/backup.secret, which the sealed archive of keys has.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.errors import StoreFault
from shared.words.voice import Text

MAGIC = b"OpenYKT backup 1\n"
PIECE, TAG, SALT, NONCE = 1 << 20, 16, 16, 12
_MORE, _LAST = b"\0", b"\1"


def seal(file: Path, target: Path, secret: str) -> None:
    """Into a new file, which opens under its own name alone. OSError."""
    salt = os.urandom(SALT)
    box = _box(secret, salt, target.name)
    with file.open("rb") as plain, target.open("xb") as out:
        target.chmod(0o600)
        out.write(MAGIC + salt)
        for number, (piece, mark) in enumerate(_pieces(plain, PIECE)):
            out.write(box.encrypt(number.to_bytes(NONCE), piece, mark))
        out.flush()
        os.fsync(out.fileno())


def unseal(file: Path, target: Path, secret: str) -> None:
    """What was sealed, into a new file. StoreFault: another secret, or not as it was written."""
    with target.open("wb") as out:
        out.writelines(_opened(file, secret))


def require_opens(file: Path, secret: str) -> None:
    """Every piece is opened, to nowhere. StoreFault: another secret, or not as it was written."""
    for _ in _opened(file, secret):
        pass


def _opened(file: Path, secret: str) -> Iterator[bytes]:
    with file.open("rb") as sealed:
        if sealed.read(len(MAGIC)) != MAGIC:
            raise _refused(file)
        box = _box(secret, sealed.read(SALT), file.name)
        try:
            for number, (piece, mark) in enumerate(_pieces(sealed, PIECE + TAG)):
                yield box.decrypt(number.to_bytes(NONCE), piece, mark)
        except InvalidTag as fault:
            raise _refused(file) from fault


def _pieces(opened: BinaryIO, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Each with its mark; at least one, for an empty file has a last piece, too."""
    piece = opened.read(size)
    while after := opened.read(size):
        yield piece, _MORE
        piece = after
    yield piece, _LAST


def _box(secret: str, salt: bytes, name: str) -> AESGCM:
    made = HKDF(SHA256(), 32, salt, b"openykt backup file " + name.encode())
    return AESGCM(made.derive(secret.encode("ascii")))


def _refused(file: Path) -> StoreFault:
    return StoreFault(
        Text(
            f"{file.name}: 打不开：backup.secret 不是这份备份的，或文件已变",
            f"{file.name}: does not open: backup.secret is not this backup's, or the file has changed",
        )
    )
