"""The first installation of a box as a Debian package, by dpkg-deb alone; later releases come as folders.

It holds /opt/openykt/releases/NAME as it was made, units and rules from templates/box, and scripts that make the user
and point /opt/openykt/current at the release where nothing points yet. Purging takes all of it but the data away.
"""

import shutil
import tempfile
from pathlib import Path

from compose.place import ROOT
from compose.release.box import DEBIAN, PYTHON, Terms
from compose.release.tree import settle
from compose.release.wheel import run

TEMPLATES = ROOT / "compose/templates/box"
RELEASES = "opt/openykt/releases"
_PLACES = {
    "openykt-edge.service": "usr/lib/systemd/system", "openykt-can@.service": "usr/lib/systemd/system",
    "openykt.sysusers": "usr/lib/sysusers.d/openykt.conf", "openykt.tmpfiles": "usr/lib/tmpfiles.d/openykt.conf",
    "60-openykt.rules": "usr/lib/udev/rules.d", "openykt.journald": "usr/lib/systemd/journald.conf.d/openykt.conf",
    "edge.conf": "etc/openykt",
}  # fmt: skip
"""Each template's folder, or its whole name."""
_SCRIPTS = ("postinst", "prerm", "postrm")


def package(folder: Path, out: Path, terms: Terms) -> Path:
    """The .deb of a release's folder. NotBuilt, OSError."""
    made = out / f"openykt-edge_{terms.version}_{DEBIAN[terms.machine]}.deb"
    with tempfile.TemporaryDirectory(prefix="ykt-") as room:
        root = Path(room) / "root"
        root.mkdir()
        _lay_out(root, folder, terms)
        settle(root, terms.dated_s)
        for name in _SCRIPTS:
            (root / "DEBIAN" / name).chmod(0o755)
        command = ("dpkg-deb", "--root-owner-group", "-Zzstd", "-z6", "--build", str(root), str(made.absolute()))
        run(command, Path(room), SOURCE_DATE_EPOCH=str(terms.dated_s))
    return made


def _lay_out(root: Path, folder: Path, terms: Terms) -> None:
    shutil.copytree(folder, root / RELEASES / terms.name)
    for name, place in _PLACES.items():
        target = root / place if "." in Path(place).name and not place.endswith(".d") else root / place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(TEMPLATES / name, target)
    (root / "usr/bin").mkdir()
    (root / "usr/bin/openykt").write_text('#!/bin/sh\nexec /opt/openykt/current/bin/openykt "$@"\n', encoding="utf-8")
    control = root / "DEBIAN"
    control.mkdir()
    major, minor = PYTHON.split(".")
    words = {
        "@RELEASE@": terms.name, "@VERSION@": terms.version, "@ARCHITECTURE@": DEBIAN[terms.machine],
        "@PYTHON@": PYTHON, "@NEXT@": f"{major}.{int(minor) + 1}",
    }  # fmt: skip
    for name in ("control", "conffiles", *_SCRIPTS):
        (control / name).write_text(_filled(TEMPLATES / name, words), encoding="utf-8")


def _filled(template: Path, words: dict[str, str]) -> str:
    text = template.read_text(encoding="utf-8")
    for mark, word in words.items():
        text = text.replace(mark, word)
    return text
