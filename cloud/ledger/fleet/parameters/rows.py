"""Files, pushes and trials of parameters as rows. Inside of a transaction; nothing here decides anything."""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from cloud.ledger.fleet.documents.making import Draft
from cloud.ledger.journal.writing import Writing
from cloud.parameters.campus_file import CampusFile
from cloud.store.db import Database, Row
from shared.errors import StoreFault
from shared.fleet.document import DocumentKind, SignedHead, decode_head, device_scope
from shared.ids import DeviceId
from shared.wire import codec


class PushKind(IntEnum):
    """Frozen numbers: they stand in the books."""

    PUSH = 1
    CANARY = 2
    """To some of its terminals; the others wait for CONTINUE."""
    CONTINUE = 3
    ROLLBACK = 4
    TRIAL = 5
    """By two persons, with an end."""
    END = 6
    """The former limits are back."""
    AGAIN = 7
    """The same under a higher number: somebody had another one under the former."""
    BACK = 8
    """A canary's declines rose: what counted before counts again."""


class KeptFile(NamedTuple):
    """digest: SHA-256 of the text."""

    number: int
    digest: bytes
    text: str
    who: str
    at_ms: int


class Push(NamedTuple):
    """targets: terminals that it is meant for. made: generation of each that got something new."""

    number: int
    file: int
    kind: PushKind
    who: str
    targets: tuple[bytes, ...]
    proposal: int | None
    at_ms: int
    made: dict[bytes, int]

    @property
    def left(self) -> tuple[bytes, ...]:
        """Those that wait behind a canary."""
        return tuple(one for one in self.targets if one not in self.made) if self.kind is PushKind.CANARY else ()


class Making(NamedTuple):
    """A terminal's next generation, signed. end: the one behind it, signed beforehand, and from when on; None: none."""

    device: bytes
    draft: Draft
    signed: SignedHead
    end: tuple[int, Draft, SignedHead] | None = None


class Trial(NamedTuple):
    """generation: the tight one; draft, signed: the one that ends it, whose body is what counted before."""

    push: int
    device: bytes
    generation: int
    until_s: int
    draft: Draft
    signed: SignedHead


_PUSH = "id, file, kind, who, targets, proposal, at_ms"
_FILE = "id, digest, text, who, at_ms"
_TRIAL = "push, device, generation, until_s, raw, signature, body"


def keep_file(writing: Writing, file: CampusFile, who: str) -> int:
    """Its number; a text that was pushed before has it already."""
    db = writing.db
    rows = db.run("SELECT id FROM parameter_file WHERE digest = ?", (file.hash,))
    if rows:
        return int(rows[0][0])
    number = int(db.run("SELECT COALESCE(MAX(id), 0) + 1 FROM parameter_file")[0][0])
    db.insert("parameter_file", _FILE, [(number, file.hash, file.text, who, writing.now.unix_ms)])
    return number


def file_of(db: Database, number: int) -> KeptFile:
    """StoreFault when it is gone: nothing may go."""
    rows = db.run(f"SELECT {_FILE} FROM parameter_file WHERE id = ?", (number,))  # noqa: S608  # ours
    if not rows:
        raise StoreFault(f"parameter file {number} is gone")
    number, digest, *rest = rows[0]
    return KeptFile(number, bytes(digest), *rest)


def history(db: Database) -> list[tuple[Push, KeptFile]]:
    """All pushes, oldest first, each with its file. StoreFault when one is gone."""
    found = pushes(db)
    numbers = sorted({push.file for push in found})
    files = {row[0]: row for row in db.find(f"SELECT {_FILE} FROM parameter_file WHERE id", numbers)}  # noqa: S608  # ours
    if lost := {push.file for push in found} - files.keys():
        raise StoreFault(f"parameter file {min(lost)} is gone")
    return [(push, KeptFile(push.file, bytes(files[push.file][1]), *files[push.file][2:])) for push in found]


def keep_push(
    writing: Writing, file: int, kind: PushKind, who: str, targets: Iterable[bytes], made: dict[bytes, int],
    proposal: int | None = None,
) -> Push:  # fmt: skip
    """A push, and what it made."""
    db = writing.db
    number = int(db.run("SELECT COALESCE(MAX(id), 0) + 1 FROM parameter_push")[0][0])
    push = Push(number, file, kind, who, tuple(targets), proposal, writing.now.unix_ms, made)
    row = (number, file, int(kind), who, codec.dumps(list(push.targets)), proposal, push.at_ms)
    db.insert("parameter_push", _PUSH, [row])
    db.insert("parameter_made", "push, device, generation", [(number, *one) for one in sorted(made.items())])
    return push


def pushes(db: Database) -> list[Push]:
    """All of them, oldest first."""
    made: dict[int, dict[bytes, int]] = {}
    for push, device, generation in db.run("SELECT push, device, generation FROM parameter_made"):
        made.setdefault(push, {})[bytes(device)] = generation
    rows = db.run(f"SELECT {_PUSH} FROM parameter_push ORDER BY id")  # noqa: S608  # ours
    return [_push(row, made.get(row[0], {})) for row in rows]


def keep_trials(writing: Writing, trials: Sequence[Trial]) -> None:
    """Beside their push."""
    rows = [
        (one.push, one.device, one.generation, one.until_s, one.signed.raw, one.signed.signature, one.draft.body)
        for one in trials
    ]
    writing.db.insert("parameter_trial", _TRIAL, rows)


def trials(db: Database) -> list[Trial]:
    """Those that run: nobody has made anything else since."""
    newest = db.run("SELECT scope, generation FROM document_head WHERE kind = ?", (int(DocumentKind.PARAMETERS),))
    known = {bytes(whom): generation for whom, generation in newest}
    rows = db.run(f"SELECT {_TRIAL} FROM parameter_trial ORDER BY push, device")  # noqa: S608  # ours
    found = [_trial(row) for row in rows]
    return [one for one in found if known.get(device_scope(DeviceId(one.device))) == one.generation]


def _push(row: Row, made: dict[bytes, int]) -> Push:
    number, file, kind, who, targets, proposal, at_ms = row
    devices = tuple(bytes(one) for one in codec.loads(bytes(targets)))
    return Push(number, file, PushKind(kind), who, devices, proposal, at_ms, made)


def _trial(row: Row) -> Trial:
    push, device, generation, until_s, raw, signature, body = row
    signed = SignedHead(bytes(raw), bytes(signature))
    draft = Draft(decode_head(signed.raw), bytes(body), generation)
    return Trial(push, bytes(device), generation, until_s, draft, signed)
