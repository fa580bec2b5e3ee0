"""The door to pdftoppm (poppler-utils), where this machine has it: one page of a PDF as a PNG.

A stranger's PDF is read by a process of its own, with bounds on time, memory and what it may write, and without our
environment; it sees no file but the one in a folder made for it.
"""

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from cloud.console.pages.places.drawings import DrawingRefused
from shared.words.voice import Text

PROGRAM = "pdftoppm"
SIDE = 2400
"""Pixels of the longer side: enough to read a room's number at twice the size of a screen."""
PAGE_MAX = 500
WAIT_S = 20
_BOUNDED = f'ulimit -t {WAIT_S} -v 1048576 -f 131072; exec "$0" "$@"'
"""Seconds of a processor, KiB of memory, halves of a KiB that it may write."""
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


def program() -> str | None:
    """Where it is; None: this machine has none, and a PDF cannot be taken."""
    return shutil.which(PROGRAM)


def page_of(found: bytes, page: int) -> bytes:
    """That page, from 1, as a PNG. DrawingRefused: there is no such page, or it cannot be drawn here."""
    where = program()
    if where is None:
        raise DrawingRefused(
            Text(
                "本机没有 pdftoppm（软件包 poppler-utils），不能读 PDF：请装上它，或把那一页另存为 PNG",
                "this machine has no pdftoppm (package poppler-utils) and reads no PDF: install it, or save that page "
                "as a PNG",
            )
        )
    if not 1 <= page <= PAGE_MAX:
        raise DrawingRefused(Text(f"页码须为 1 到 {PAGE_MAX}", f"the page is 1 to {PAGE_MAX}"))
    with TemporaryDirectory(prefix="ykt-plan-") as folder:
        return _drawn(where, Path(folder), found, page)


def _drawn(where: str, folder: Path, found: bytes, page: int) -> bytes:
    (folder / "in.pdf").write_bytes(found)
    number = str(page)
    drawn = [where, "-png", "-singlefile", "-f", number, "-l", number, "-scale-to", str(SIDE), "in.pdf", "out"]
    try:
        subprocess.run(
            ["/bin/sh", "-c", _BOUNDED, *drawn], cwd=folder, check=True, timeout=WAIT_S, env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        return (folder / "out.png").read_bytes()
    except subprocess.TimeoutExpired:
        raise DrawingRefused(Text(f"{WAIT_S} 秒内画不出这一页", f"the page was not drawn within {WAIT_S} s")) from None
    except (subprocess.CalledProcessError, OSError):
        raise DrawingRefused(
            Text(f"PDF 里没有第 {page} 页，或读不出来", f"the PDF has no page {page}, or it cannot be read")
        ) from None
