"""The mark that a backup leaves, and what the school has said of the watch itself (DATA/cloud/watch.toml).

A backup writes DATA/cloud/backup.json whole (a new file, renamed) once it is done and proven:
`{"format": 1, "finished_ms": 1795836778000, "verified_ms": …, "what": "ledger", "where": "…"}`; `what` and `where` are
for people, `verified_ms` is missing in one of before. DATA/cloud/key-backup.json says when the paper that opens the
sealed keys was made and typed last: `{"format": 1, "made_ms": …, "proven_ms": … or null}`; null, too, once a secret was
made that no archive has yet.
"""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from cloud.process.private import read_private
from cloud.process.whole_file import write_whole
from cloud.watch.alarms.terms import Kind, Signal, Source
from cloud.watch.notify.channels.post import SECRET_MIN, Place, place_of
from shared.errors import ConfigFault
from shared.input.section import Section
from shared.words.voice import Text

FILE, MARK, PROOF = "watch.toml", "backup.json", "key-backup.json"
OPENS = "backup.secret"
"""Beside the mark, 0600: what opens the repository of a ledger in PostgreSQL. Where it is, backups were set up."""
MARK_MAX = 4096
"""Octets of a mark; a longer file is none."""
EVERY_S = 60
PROOF_DAYS = 200
"""A term and its holiday: the paper is typed anew in each."""
BACKUP = Source(Kind.SERVICE, "backup")


class Proof(NamedTuple):
    """When the passphrase of the sealed keys was made, and typed from paper last. None: never."""

    made_ms: int
    proven_ms: int | None = None

    def is_good(self, now_ms: int) -> bool:
        """Was it typed within PROOF_DAYS?"""
        return self.proven_ms is not None and now_ms - self.proven_ms <= PROOF_DAYS * 86_400_000


class Said(NamedTuple):
    """place: where the beat goes, None: nowhere; file: what is touched, None: nothing; is_backup_wanted: the absence of
    any backup is an alarm from the beginning."""

    place: Place | None = None
    every_s: int = EVERY_S
    file: Path | None = None
    is_backup_wanted: bool = False


def read_said(folder: Path) -> Said:
    """The file in the cloud's folder; without it nothing is said. ConfigFault: it is wrong, or others may read it."""
    try:
        raw = tomllib.loads(read_private(folder / FILE).decode())
    except FileNotFoundError:
        return Said()
    except ValueError as fault:  # a TOML fault repeats what it stumbled over, which may be a secret
        raise ConfigFault(Text(f"{FILE}: 不是 TOML", f"{FILE}: not TOML")) from fault
    top = Section(raw, file=FILE)
    beat, backup = top.optional_section("beat"), top.optional_section("backup")
    top.done()
    said = _beat(beat) if beat is not None else Said()
    if backup is not None:
        said = said._replace(is_backup_wanted=backup.take("wanted", bool))
        backup.done()
    return said


def _beat(one: Section) -> Said:
    url, secret, ca = one.take("url", str, ""), one.take("secret", str, ""), one.take("ca", str, "")
    every_s, file = one.within("every_s", 10, 3600, EVERY_S), one.take("file", str, "")
    one.done()
    if not url and not file:
        raise ConfigFault(f"{one.name('url')}: {Text('url 与 file 至少写一个', 'url or file, at least one')}")
    place = None
    if url:
        if len(secret) < SECRET_MIN:
            said = Text(f"至少 {SECRET_MIN} 个字符", f"{SECRET_MIN} characters at least")
            raise ConfigFault(f"{one.name('secret')}: {said}")
        try:
            place = place_of(url, secret, ca)
        except ValueError as fault:
            said = Text("应为 https，或本机的 http", "must be https, or http on this machine")
            raise ConfigFault(f"{one.name('url')}: {said}") from fault
    return Said(place, every_s, Path(file) if file else None)


def backup_signals(folder: Path, now_ms: int, *, is_wanted: bool) -> Iterator[Signal]:
    """How old the last backup is; and whether one that should be there is not. is_wanted: the school says so, or there
    was one already. Before that nothing is known, and nothing is wrong."""
    finished_ms, proof = finished(folder / MARK), read_proof(folder)
    yield Signal("backup-age", BACKUP, now_ms, _hours(finished_ms, now_ms))
    yield Signal("backup-verified-age", BACKUP, now_ms, _hours(verified(folder / MARK), now_ms))
    yield Signal("key-backup-unproven", BACKUP, now_ms, None if proof is None else int(not proof.is_good(now_ms)))
    is_known = is_wanted or finished_ms is not None
    yield Signal("backup-missing", BACKUP, now_ms, int(finished_ms is None) if is_known else None)


def finished(mark: Path) -> int | None:
    """When the backup of this mark was over; None: there is no such mark, or nobody can read it."""
    return _time(_said(mark), "finished_ms")


def verified(mark: Path) -> int | None:
    """When a backup was last seen to be as it was made; None: nobody knows."""
    return _time(_said(mark), "verified_ms")


def backup_of(mark: Path) -> Path | None:
    """The folder that the backup of this mark is; None: the mark does not say."""
    where = _said(mark).get("where")
    return Path(where) if isinstance(where, str) and where else None


def place_of_backup(mark: Path) -> Path | None:
    """The folder that it lies in."""
    found = backup_of(mark)
    return found.parent if found is not None else None


def read_proof(folder: Path) -> Proof | None:
    """None: no keys were ever sealed here, or nobody can read when."""
    said = _said(folder / PROOF)
    made_ms = _time(said, "made_ms")
    return None if made_ms is None else Proof(made_ms, _time(said, "proven_ms"))


def keep_proof(folder: Path, proof: Proof) -> None:
    """Durable when this returns."""
    write_whole(folder / PROOF, json.dumps({"format": 1} | proof._asdict()).encode())


def unprove(folder: Path) -> None:
    """There is a secret now that no sealed archive has: paper and archive are proven no longer, if they ever were."""
    proof = read_proof(folder)
    if proof is not None:
        keep_proof(folder, proof._replace(proven_ms=None))


def _said(mark: Path) -> dict[str, Any]:
    try:
        with mark.open("rb") as opened:
            said = json.loads(opened.read(MARK_MAX))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) and said.get("format") == 1 else {}


def _time(said: dict[str, Any], name: str) -> int | None:
    at = said.get(name)
    return at if type(at) is int and at > 0 else None


def _hours(since_ms: int | None, now_ms: int) -> float | None:
    return None if since_ms is None else max(0, now_ms - since_ms) / 3_600_000
