"""Keys and configuration, sealed apart from the books: without them a backup is good for nothing (docs/backup.md).

All files of the data folder but the databases, cards and what a process leaves while it runs. The passphrase is made at
the first sealing and shown once; what is kept of it here is the key that it makes, in DATA/cloud/key-backup.key (0600),
so that every night can seal anew. Whether the paper is still right nobody knows until somebody types it: PROOF says
when that was last. Bounds: FILES_MAX files, BYTES_MAX bytes; above, it is refused with the name.

Where the data folder is one of several, as in a school's server, Whole says what is sealed, and where its key lies.
"""

import io
import secrets
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from cloud.commands.chains.backups.files import KEEP, sync
from cloud.process.settings import FOLDER
from cloud.process.whole_file import write_whole
from cloud.watch.subjects.marks import OPENS, PROOF, Proof, keep_proof, read_proof
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.errors import ConfigFault, StoreFault
from shared.keys import paper_seal, shares
from shared.keys.paper_seal import DRAWN, KEY_SIZE, NONCE_SIZE, SALT_SIZE, SealKey
from shared.keys.shares import Share
from shared.words.voice import Text

KEY_FILE = "key-backup.key"
PREFIX, SUFFIX = "keys-", ".sealed"
FILES_MAX, BYTES_MAX = 20_000, 64 << 20
SEALED_MAX = BYTES_MAX + (1 << 20)
_LEFT_OUT = ("cards", "postgres", "metrics", "logs", "run")
"""Folders of the data folder: cards are the holders', the others are made by their servers."""
_ENDS = (".db", ".db-wal", ".db-shm", ".sock", ".lock", ".new", ".part", ".pyc")
_NAMES = (KEY_FILE, PROOF, "backup.json", "restored.json", "postgres.place")
"""What is true of this machine alone."""


class Whole(NamedTuple):
    """of: the folder that is sealed; left_out: folders below it, by their paths; key: what a night seals by."""

    of: Path
    left_out: tuple[str, ...]
    key: Path


def whole(data: Path, of: Path | None = None, without: Sequence[str] = (), key: Path | None = None) -> Whole:
    """Of a data folder, or of a folder that it is a part of; each part that is not said is as a data folder has it."""
    return Whole(of or data, (*without,) if of else _LEFT_OUT, key or data / FOLDER / KEY_FILE)


@dataclass(frozen=True, slots=True)
class Sealed:
    """One archive. passphrase: shown now and never again; empty where it stands on paper already."""

    file: Path
    names: tuple[str, ...]
    passphrase: str = field(default="", repr=False)
    shares: tuple[Share, ...] = field(default=(), repr=False)
    """In the place of the passphrase, where it was split: any `threshold` of them are as good."""


def seal(
    data: Path, to: Path, now_ms: int, keep: int = KEEP, split: tuple[int, int] | None = None, one: Whole | None = None
) -> Sealed:
    """A new archive below `to`, which is no folder of what is sealed. split: k of n shares are shown, not the
    passphrase. one: in the place of the data folder.

    ConfigFault: it would lie in what it keeps, or something is too large. ShareFault: no such splitting.
    """
    one = one or whole(data)
    if to.resolve().is_relative_to(one.of.resolve()):
        raise ConfigFault(Text(f"{to} 在 {one.of} 之内：须另放", f"{to} lies in {one.of}: keep it elsewhere"))
    _require_splitting(split)
    key, passphrase = _key(data, one.key, now_ms)
    found = dict(_found(one))
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    stamp = time_text(WALL.at(now_ms / 1000)).replace("-", "").replace(":", "").replace(" ", "-")
    file = to / f"{PREFIX}{stamp}{SUFFIX}"
    write_whole(file, paper_seal.seal(_packed(found), key, secrets.token_bytes(NONCE_SIZE)))
    for old in archives(to)[keep:]:
        old.unlink()
    if split is None or not passphrase:
        return Sealed(file, tuple(found), passphrase)
    return Sealed(file, tuple(found), shares=shares.split(passphrase.encode(), *split, secrets.token_bytes))


def typed(ask: Callable[[Text], str]) -> str:
    """The passphrase, or as many shares as join to it. ShareFault."""
    first = ask(Text("纸上的口令，或第一份：", "the passphrase on the paper, or the first share: "))
    if len(first.strip()) <= 2 * DRAWN:
        return first
    held = [shares.from_text(first)]
    while len(held) < held[0].threshold:
        nth = len(held) + 1
        held.append(shares.from_text(ask(Text(f"第 {nth} 份：", f"share {nth}: "))))
    return shares.join(held).decode()


def _require_splitting(split: tuple[int, int] | None) -> None:
    """Before a passphrase is made that nobody would be shown."""
    if split is not None:
        shares.split(bytes(DRAWN), *split, secrets.token_bytes)


def archives(to: Path) -> list[Path]:
    """The newest first."""
    return sorted(to.glob(f"{PREFIX}*{SUFFIX}"), reverse=True)


def newest(to: Path) -> Path:
    """ConfigFault: there is none."""
    found = archives(to)
    if not found:
        raise ConfigFault(Text(f"{to}: 没有封存的密钥", f"{to}: no sealed keys"))
    return found[0]


def sealed_lines(made: Sealed) -> list[Text | str]:
    """For people; the passphrase the only time that it is shown."""
    told: list[Text | str] = [Text(f"{made.file}：{len(made.names)} 个文件", f"{made.file}: {len(made.names)} files")]
    for share in made.shares:
        number, of, least = share.number, len(made.shares), share.threshold
        which = Text(
            f"第 {number} 份（共 {of}，任 {least} 份可开）：", f"share {number} of {of}, any {least} open it:"
        )
        told += [which, f"    {share.to_text()}"]
    if made.shares:
        told += [Text("只显示这一次：每人一份，分开保管", "Shown once: a share for each person, kept apart")]
    if made.passphrase:
        told += [
            Text("口令只显示这一次，抄在纸上，锁入保险柜：", "Shown once: write it on paper, lock that away:"),
            f"    {made.passphrase}",
            Text(
                "然后按纸上重输一次：./ykt cloud backup prove --to 目录；此前算作未经证明",
                "Then type it from the paper: ./ykt cloud backup prove --to DIR; until then it is not proven",
            ),
        ]
    return told


def prove(data: Path, archive: Path, passphrase: str, now_ms: int) -> tuple[str, ...]:
    """What the archive holds, opened with what was typed; written down as proven. Else nothing is written: KeyFault,
    WireFault; ConfigFault, where what opens the backups is not in it."""
    held = _unpacked(paper_seal.opened_by(_read(archive), passphrase))
    _require_opens(data / FOLDER / OPENS, held, archive)
    known = read_proof(data / FOLDER) or Proof(now_ms)
    keep_proof(data / FOLDER, known._replace(proven_ms=now_ms))
    return tuple(held)


def _require_opens(file: Path, held: dict[str, bytes], archive: Path) -> None:
    if not file.exists():
        return
    secret = file.read_bytes().strip()
    if not any(PurePosixPath(name).name == OPENS and raw.strip() == secret for name, raw in held.items()):
        raise ConfigFault(
            Text(
                f"{archive.name} 里没有现在的 {OPENS}，打不开备份：先再封存一次（cloud backup keys），再按纸上重输",
                f"{archive.name} lacks the {OPENS} of now, no backup opens by it: seal keys again "
                "(cloud backup keys), then type the paper",
            )
        )


def unseal(archive: Path, data: Path, passphrase: str) -> tuple[str, ...]:
    """All of it into an empty folder. ConfigFault: something is there. KeyFault, WireFault: it does not open."""
    if data.exists() and any(data.iterdir()):
        raise ConfigFault(Text(f"{data} 不是空目录：不覆盖", f"{data} is not empty: nothing is overwritten"))
    held = _unpacked(paper_seal.opened_by(_read(archive), passphrase))
    for name, content in held.items():
        write_whole(data / name, content)
    sync(data)
    return tuple(held)


def _key(data: Path, file: Path, now_ms: int) -> tuple[SealKey, str]:
    """The key, and the passphrase where both are new."""
    if file.exists():
        raw = file.read_bytes()
        if len(raw) != SALT_SIZE + KEY_SIZE:
            raise StoreFault(Text(f"{KEY_FILE}: 已损坏", f"{KEY_FILE}: damaged"))
        return SealKey(raw[SALT_SIZE:], raw[:SALT_SIZE], paper_seal.COSTS), ""
    passphrase = paper_seal.written(secrets.token_bytes(DRAWN))
    made = paper_seal.key_of(passphrase, secrets.token_bytes(SALT_SIZE))
    write_whole(file, made.salt + made.key)
    keep_proof(data / FOLDER, Proof(now_ms))
    return made, passphrase


def _found(one: Whole) -> Iterator[tuple[str, bytes]]:
    size = 0
    left_out = {one.of / name for name in one.left_out}
    for count, path in enumerate(_files(one.of, left_out), 1):
        size += path.stat().st_size
        if count > FILES_MAX or size > BYTES_MAX:
            raise ConfigFault(Text(f"{path}: 超出封存的上限", f"{path}: more than can be sealed"))
        yield path.relative_to(one.of).as_posix(), path.read_bytes()


def _files(folder: Path, left_out: set[Path]) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or path.name in _NAMES or path.name.endswith(_ENDS):
            continue
        if path.is_dir() and path not in left_out:
            yield from _files(path, left_out)
        elif path.is_file():
            yield path


def _packed(held: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=6) as tar:
        for name, content in held.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o600
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def _unpacked(raw: bytes) -> dict[str, bytes]:
    """StoreFault for a name that leads elsewhere, though nobody but us can have sealed it."""
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:gz") as tar:
        for entry in tar:
            name, opened = PurePosixPath(entry.name), tar.extractfile(entry) if entry.isfile() else None
            if opened is None or name.is_absolute() or ".." in name.parts:
                raise StoreFault(Text("封存中有不该有的名字", "a name in the archive leads elsewhere"))
            found[str(name)] = opened.read()
    return found


def _read(archive: Path) -> bytes:
    with archive.open("rb") as opened:
        return opened.read(SEALED_MAX)
