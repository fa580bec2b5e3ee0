"""This box's own releases on its disk: what stands here, what is fetched, whether a release on trial is well.

It writes into INCOMING alone, which belongs to the box; what starts next is decided by edge/upgrade, as root. Without
such places (a checkout, a package of before) nothing is said and nothing is fetched.
"""

import asyncio
import hashlib
import json
import logging
import os
import tarfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from edge.box.down.release import Own, WentBack
from edge.box.values.effects import KeepPart, PartKept, ReleaseJudged, TakeRelease
from edge.files.disk import sync_folder
from edge.settings import BoxSettings
from edge.upgrade.places import CAMPUS, TRUST, Places
from edge.upgrade.standing import Standing, Why, decode
from edge.upgrade.starting import ARCHIVE, WANTED, WELL
from edge.upgrade.trial import Before, Seen, Trial

log = logging.getLogger(__name__)
BEFORE = "before.json"
"""What answered when the release before this one ended."""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Releases:
    """Of one box. judged: hears on the loop what became of an archive."""

    def __init__(self, settings: BoxSettings, environment: Mapping[str, str]) -> None:
        self._places = Places.of(environment)
        self._standing = _standing(self._places.standing)
        self._trial: Trial | None = None
        if self._standing is not None:
            self._places.incoming.mkdir(exist_ok=True, parents=True)
            said = {"campus": settings.campus, "campus_key": settings.campus_key.hex()}
            _write(self._places.incoming / CAMPUS, json.dumps(said).encode())
            if self._standing.trial is not None:
                self._trial = Trial(_before(self._places.incoming / BEFORE), time.monotonic())

    @property
    def own(self) -> Own:
        """What the box should know of itself."""
        standing = self._standing
        if standing is None:
            return Own()
        running = standing.started
        back = tuple(WentBack(one.number, one.digest, one.why.value, one.said) for one in standing.back)
        return Own(
            running.name, running.number, os.uname().machine, standing.trial is not None, back,
            {digest: path.stat().st_size for digest, path in self._begun()},
        )  # fmt: skip

    def keep(self, part: KeepPart) -> PartKept:
        """It is in the file, which is made durable when it is whole."""
        path = self._part(part.digest)
        for digest, other in self._begun():
            if digest != part.digest:
                other.unlink(missing_ok=True)  # one archive at a time
        try:
            size = path.stat().st_size if path.exists() else 0
            if size == part.offset:
                with path.open("ab") as out:
                    out.write(part.data)
            return PartKept(part.digest, path.stat().st_size)
        except OSError as fault:
            log.error("%s: %s", path.name, fault.strerror)
            return PartKept(part.digest, path.stat().st_size if path.exists() else 0)

    def take(self, wanted: TakeRelease, judged: Callable[[ReleaseJudged], None]) -> None:
        """In a thread, for it reads and syncs all of it."""
        task = asyncio.get_running_loop().run_in_executor(None, self._taken, wanted)
        task.add_done_callback(lambda done: judged(done.result()))

    def drop(self) -> None:
        """What stands ready is tried at no start."""
        for name in (WANTED, ARCHIVE):
            (self._places.incoming / name).unlink(missing_ok=True)

    def leave(self, answering: frozenset[str]) -> None:
        """It ends for the next release: which buses answered, and the time, for that one to measure itself by."""
        said = {"answering": sorted(answering), "boot": _boot(), "unix_s": int(time.time())}
        _write(self._places.incoming / BEFORE, json.dumps(said).encode())

    def look(self, answering: frozenset[str]) -> bool:
        """Is a release on trial found well just now? One that is not ends this process: UnwellError."""
        if self._trial is None or self._standing is None:
            return False
        wrong = self._trial.look(Seen(answering, _boot(), int(time.time())), time.monotonic())
        if wrong is None:
            return False
        self._trial = None
        name = self._standing.started.name
        said = {"name": name, "well": not wrong, "said": wrong}
        _write(self._places.incoming / WELL, json.dumps(said).encode())
        if wrong:
            raise UnwellError(wrong)
        return True

    # ---- inside

    def _taken(self, wanted: TakeRelease) -> ReleaseJudged:
        path = self._part(wanted.digest)
        try:
            with path.open("rb") as opened:
                found = hashlib.file_digest(opened, "sha256").hexdigest()
                os.fsync(opened.fileno())
            if found != wanted.digest:
                path.unlink()
                return ReleaseJudged(wanted.digest, Why.FILES.value, f"SHA-256 {found[:16]}…")
            name = _named(path)
            _write(self._places.incoming / TRUST, wanted.officers)
            path.rename(self._places.incoming / ARCHIVE)
            said = {"name": name, "number": wanted.number, "digest": wanted.digest}
            _write(self._places.incoming / WANTED, json.dumps(said).encode())
        except (OSError, tarfile.TarError, EOFError) as fault:
            return ReleaseJudged(wanted.digest, Why.FILES.value, f"{type(fault).__name__}: {fault}"[:200])
        return ReleaseJudged(wanted.digest, "", "")

    def _part(self, digest: str) -> Path:
        return self._places.incoming / f"{digest}{_PART}"

    def _begun(self) -> list[tuple[str, Path]]:
        return [(path.name.removesuffix(_PART), path) for path in self._places.incoming.glob(f"*{_PART}")]


_PART = ".fetched"


class UnwellError(Exception):
    """The release on trial is worse than the one before it: this process ends, and the next start goes back."""


def _standing(path: Path) -> Standing | None:
    try:
        return decode(path.read_bytes())
    except (OSError, ValueError):
        return None


def _before(path: Path) -> Before:
    try:
        said = json.loads(path.read_bytes())
        return Before(frozenset(map(str, said["answering"])), str(said["boot"]), int(said["unix_s"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Before(frozenset(), "", 0)


def _named(archive: Path) -> str:
    with tarfile.open(archive) as opened:
        first = opened.next()
    return first.name.split("/")[0] if first is not None else ""


def _boot() -> str:
    return BOOT_ID.read_text(encoding="utf-8").strip()


def _write(path: Path, raw: bytes) -> None:
    """Durable by its name when it returns."""
    fresh = path.with_name(f"{path.name}.part")
    with fresh.open("wb") as out:
        out.write(raw)
        out.flush()
        os.fsync(out.fileno())
    fresh.rename(path)
    sync_folder(path.parent)
