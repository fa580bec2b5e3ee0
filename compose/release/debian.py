"""The first installation of a box or a till as a Debian package, by dpkg-deb alone; later releases come as folders.

It holds /opt/openykt/releases/NAME as it was made, a link `shipped` to it, units and rules of templates/box, scripts
that make the user, and `openykt-box`, which starts this release or a later one and belongs to none (edge/upgrade/).
Purging takes all of it but the data away.
"""

import shutil
import tempfile
from pathlib import Path

from compose.place import ROOT
from compose.release.box import DEBIAN, EDGE, PYTHON, TILL, Terms
from compose.release.tree import settle
from compose.release.wheel import run

TEMPLATES = ROOT / "compose/templates"
RELEASES = "opt/openykt/releases"
_UNITS, _UDEV = "usr/lib/systemd/system", "usr/lib/udev/rules.d"
_JOURNAL = "usr/lib/systemd/journald.conf.d/openykt.conf"
_SYSUSERS, _TMPFILES = "usr/lib/sysusers.d/openykt.conf", "usr/lib/tmpfiles.d/openykt.conf"
_PLACES = {
    EDGE: {
        "box/openykt-edge.service": _UNITS, "box/openykt-can@.service": _UNITS, "box/openykt.sysusers": _SYSUSERS,
        "box/openykt.tmpfiles": _TMPFILES, "box/60-openykt.rules": _UDEV, "box/openykt.journald": _JOURNAL,
        "box/edge.conf": "etc/openykt", "box/openykt-trial.service": _UNITS, "box/openykt-trial.timer": _UNITS,
        "box/70-openykt-can0.link": "usr/share/openykt", "box/openykt-box.sh": "usr/lib/openykt/openykt-box",
    },
    TILL: {
        "till/openykt-till.service": _UNITS, "till/openykt-till-can.service": _UNITS,
        "till/openykt.sysusers": _SYSUSERS, "box/openykt.tmpfiles": _TMPFILES, "till/60-openykt-till.rules": _UDEV,
        "till/openykt-till.polkit": "usr/share/polkit-1/rules.d/60-openykt.rules", "box/openykt.journald": _JOURNAL,
        "till/10-openykt-can.link": "usr/lib/systemd/network", "till/till.conf": "etc/openykt",
    },
}  # fmt: skip
"""Each template's folder, or its whole name."""
_CONTROL = {EDGE: "box", TILL: "till"}
"""Where a product's control file and scripts are."""
_STARTERS = (
    "edge/__init__.py", "edge/files/__init__.py", "edge/files/disk.py", "edge/upgrade/*.py", "shared/__init__.py",
    "shared/errors.py", "shared/words/__init__.py", "shared/words/refused.py", "shared/words/voice.py",
)  # fmt: skip
"""All that `openykt-box` is made of."""
_OPENYKT = """#!/bin/sh
here=/var/lib/openykt-box/current
[ -e "$here" ] || here=/opt/openykt/shipped
exec "$here/bin/openykt" "$@"
"""
_SCRIPTS = ("postinst", "prerm", "postrm")


def package(folder: Path, out: Path, terms: Terms) -> Path:
    """The .deb of a release's folder. NotBuilt, OSError."""
    made = out / f"openykt-{terms.product}_{terms.version}_{DEBIAN[terms.machine]}.deb"
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
    for name, place in _PLACES[terms.product].items():
        is_whole = place.endswith((".conf", ".rules", "-box"))
        target = root / place if is_whole else root / place / Path(name).name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(TEMPLATES / name, target)
    (root / "usr/bin").mkdir()
    (root / "usr/bin/openykt").write_text(_OPENYKT, encoding="utf-8")
    (root / RELEASES).with_name("shipped").symlink_to(f"releases/{terms.name}")
    starters = _STARTERS if terms.product == EDGE else ()
    for path in (found for names in starters for found in sorted((folder / "lib").glob(names))):
        target = root / "usr/lib/openykt/lib" / path.relative_to(folder / "lib")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    control = root / "DEBIAN"
    control.mkdir()
    major, minor = PYTHON.split(".")
    words = {
        "@RELEASE@": terms.name, "@VERSION@": terms.version, "@ARCHITECTURE@": DEBIAN[terms.machine],
        "@PYTHON@": PYTHON, "@NEXT@": f"{major}.{int(minor) + 1}",
    }  # fmt: skip
    for name in ("control", "conffiles", *_SCRIPTS):
        (control / name).write_text(_filled(TEMPLATES / _CONTROL[terms.product] / name, words), encoding="utf-8")


def _filled(template: Path, words: dict[str, str]) -> str:
    text = template.read_text(encoding="utf-8")
    for mark, word in words.items():
        text = text.replace(mark, word)
    return text
