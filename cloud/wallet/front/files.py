"""The wallet's own files, read once: each with its type, packed, and all of them under one version.

`/`, and `/kiosk` for a terminal that many share, are asked for each time; `/a/VERSION/…` never changes and is kept for
ever. VERSION is the digest of all files, so a page and its modules are of one make. The service worker names VERSION,
and so is another one with any change. Comments and indentation of modules stay here: a phone has no use for them.
"""

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
PAGE, WORKER, MANIFEST = "index.html", "sw.js", "manifest.json"
AT_ROOT = {"/": PAGE, "/kiosk": PAGE, "/sw.js": WORKER, "/manifest.json": MANIFEST}
VERSION, LIST = b"@VERSION@", b"@FILES@"
TYPES = {
    ".html": b"text/html; charset=utf-8", ".js": b"text/javascript; charset=utf-8", ".css": b"text/css; charset=utf-8",
    ".json": b"application/manifest+json", ".svg": b"image/svg+xml", ".png": b"image/png",
}  # fmt: skip
_COMMENTS = re.compile(rb"^[ ]*(?://[^\n]*|/\*\*.*?\*/[ ]*)\n", re.MULTILINE | re.DOTALL)
"""Those that have lines of their own."""
_INDENTED = re.compile(rb"^[ ]+", re.MULTILINE)
FOR_EVER, EACH_TIME = b"public, max-age=31536000, immutable", b"no-cache"


@dataclass(frozen=True, slots=True)
class File:
    """What is sent."""

    body: bytes
    packed: bytes
    type: bytes
    caching: bytes
    tag: bytes


def load_files(folder: Path = FOLDER) -> dict[str, File]:
    """By the path of its address."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    raw = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    version = hashlib.sha256(b"".join(name.encode() + body for name, body in raw.items())).hexdigest()[:12]
    below = [f"/a/{version}/{name}" for name in raw if name not in AT_ROOT.values()]
    listed = ",".join(f'"{path}"' for path in ("/", "/manifest.json", *below)).encode()

    def made(name: str, caching: bytes) -> File:
        body = raw[name]
        if name in AT_ROOT.values():
            body = body.replace(VERSION, version.encode()).replace(LIST, listed)
        if name.endswith(".js"):
            body = without_comments(body)
        tag = hashlib.sha256(body).hexdigest()[:16].encode()
        return File(body, gzip.compress(body, 9, mtime=0), TYPES[Path(name).suffix], caching, b'"' + tag + b'"')

    found = {path: made(name, EACH_TIME) for path, name in AT_ROOT.items()}
    found |= {f"/a/{version}/{name}": made(name, FOR_EVER) for name in raw if name not in AT_ROOT.values()}
    return found


def without_comments(module: bytes) -> bytes:
    """The same module without its comments' lines and its indentation. No text of it may go over a line's end."""
    return _INDENTED.sub(b"", _COMMENTS.sub(b"", module))
