"""A release as files: what is in a folder, by content, and the same as one archive. Same files, same bytes."""

import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MANIFEST = "MANIFEST.json"
"""Every other file of the folder with its digest: what a box checks after unpacking, and at its first start."""
_PROGRAM, _PLAIN = 0o755, 0o644


def files(folder: Path) -> list[Path]:
    """All below it, sorted by name; folders are not told of."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def settle(folder: Path, dated_s: int) -> None:
    """One date and two modes for all of it, so that nothing of the machine that built it is in it."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(_PROGRAM if path.is_dir() or _is_program(path) else _PLAIN)
        os.utime(path, (dated_s, dated_s), follow_symlinks=False)


def write_manifest(folder: Path, about: dict[str, Any]) -> None:
    """MANIFEST.json: about, and the digests."""
    said = about | {"files": {str(path.relative_to(folder)): digest(path) for path in files(folder)}}
    (folder / MANIFEST).write_text(json.dumps(said, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def wrong_files(folder: Path) -> list[str]:
    """Names that are missing, different, or not of this release. ValueError, KeyError, OSError: no manifest."""
    told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    there = {str(path.relative_to(folder)): digest(path) for path in files(folder) if path.name != MANIFEST}
    return sorted(name for name in told.keys() | there.keys() if told.get(name) != there.get(name))


def digest(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def archive(folder: Path, out: Path, dated_s: int) -> Path:
    """The folder as a .tar.gz under its own name, owned by nobody in particular."""
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w", format=tarfile.PAX_FORMAT) as opened:
        for member in _members(folder, dated_s):
            path = folder.parent / member.name
            if member.isdir():
                opened.addfile(member)
            else:
                with path.open("rb") as content:
                    opened.addfile(member, content)
    out.write_bytes(gzip.compress(body.getvalue(), 6, mtime=0))
    return out


def _members(folder: Path, dated_s: int) -> Iterator[tarfile.TarInfo]:
    for path in [folder, *sorted(folder.rglob("*"))]:
        member = tarfile.TarInfo(str(path.relative_to(folder.parent)))
        member.mtime = dated_s
        member.type = tarfile.DIRTYPE if path.is_dir() else tarfile.REGTYPE
        member.mode = _PROGRAM if path.is_dir() or _is_program(path) else _PLAIN
        member.size = 0 if path.is_dir() else path.stat().st_size
        yield member


def _is_program(path: Path) -> bool:
    return path.parent.name == "bin" or path.name == "openykt-box"
