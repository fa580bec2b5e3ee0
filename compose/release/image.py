"""`./ykt image`: a Debian system for a small board with one of our .deb in it: root read-only, one data partition.

Made by mmdebstrap from the archive of this machine's own apt. Out come root.img and data.img (ext4), the kernel, its
initrd and a command line; which boot loader hands them over is the board's matter. What a body has of its own (its
folder, its settings) lies on the data partition alone; its machine id stands in the command line.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from compose.place import ROOT, keep_private
from compose.release.box import DEBIAN, EDGE, TILL
from compose.release.wheel import NotBuilt
from shared.input.command_line import Parser
from shared.words.ending import end
from shared.words.voice import Text, speak, wanted

ABOUT = Text(
    "制作系统镜像：Debian 13，根只读，一个数据分区，装好给出的 .deb。须 root，及 Debian 的 mmdebstrap、e2fsprogs。",
    "Makes a system image: Debian 13, root read-only, one data partition, with the given .deb in it.\n"
    "Needs root, and Debian's mmdebstrap and e2fsprogs.",
)
TEMPLATES = ROOT / "compose/templates/image"
PLACES = {
    "fstab": "etc/fstab",
    "watchdog.conf": "etc/systemd/system.conf.d/watchdog.conf",
    "again.conf": "etc/systemd/system/emergency.service.d/again.conf",
}
"""Of templates, where each lies in the root."""
SUITE = "trixie"
KERNELS = {"x86_64": "linux-image-amd64", "aarch64": "linux-image-arm64"}
BASE = ("systemd", "systemd-sysv", "systemd-timesyncd", "udev", "kmod", "iproute2", "dbus", "e2fsprogs", "can-utils")
UNITS = {EDGE: ("openykt-edge.service", "openykt-trial.timer"), TILL: ("openykt-till.service",)}
"""Of a product, what begins at boot."""
OF_PRODUCTS = {
    EDGE: ("python3",),
    TILL: ("python3", "python3-pil", "python3-pyscard", "pcscd", "libccid", "polkitd", "fonts-wqy-microhei"),
}
DATA_DIRS = ("openykt", "releases", "settings", "journal", "systemd")
DATA_MIB = 256
SLACK = 1.25
"""How much larger the root is than what is in it: it never grows."""
COMMAND_LINE = (
    "root=LABEL=ykt-root ro rootwait fsck.mode=auto panic=10 fbcon=map:1 vt.global_cursor_default=0 "
    "systemd.machine_id={machine_id} {console}"
)
"""fbcon=map:1: the console of Linux leaves the display to the till."""
CONSOLES = {"x86_64": "console=ttyS0", "aarch64": "console=ttyAMA0"}
_UNWANTED = ("/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*")
_MASKED = ("getty@tty1.service", "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer")


class Wish(NamedTuple):
    """What is made. data: a folder that is laid over the data partition, None: nothing."""

    deb: Path
    machine: str
    out: Path
    data: Path | None = None
    more: tuple[str, ...] = ()

    @property
    def product(self) -> str:
        """Of the package's name."""
        return self.deb.name.removeprefix("openykt-").partition("_")[0]


def main(arguments: list[str]) -> int:
    """0 made, 1 a tool refused, 2 wrong use."""
    parser = Parser(prog="./ykt image", description=ABOUT, formatter_class=argparse.RawTextHelpFormatter)
    deb = Text("`./ykt release` 做的 .deb", "the .deb, by ./ykt release")
    parser.add_argument("--deb", type=Path, required=True, metavar="FILE", help=deb)
    machine = Text("处理器（本机的）", "the processor (this machine's)")
    parser.add_argument("--machine", choices=sorted(KERNELS), default=os.uname().machine, help=machine)
    out = Text("写到此文件夹，缺省 dist/image", "into this folder (dist/image)")
    parser.add_argument("--out", type=Path, default=ROOT / "dist/image", metavar="DIR", help=out)
    data = Text("放进数据分区的文件夹：settings/、openykt/", "what is laid on the data partition: settings/, openykt/")
    parser.add_argument("--data", type=Path, metavar="DIR", help=data)
    more = Text("再装一个 Debian 软件包，可重复", "one more package of Debian, may be repeated")
    parser.add_argument("--with", dest="more", action="append", default=[], metavar="PACKAGE", help=more)
    given = parser.parse_args(arguments)
    wish = Wish(given.deb.absolute(), given.machine, given.out.absolute(), given.data, tuple(given.more))
    if wish.product not in OF_PRODUCTS or not wish.deb.is_file():
        sys.stderr.write(f"{Text('不是我们的 .deb：', 'not one of our .deb: ')}{given.deb}\n")
        return 2
    try:
        make(wish)
    except (NotBuilt, OSError) as fault:
        sys.stderr.write(f"{Text('未做成：', 'not made: ')}{fault}\n")
        return 1
    for path in sorted(wish.out.iterdir()):
        sys.stdout.write(f"{path.stat().st_size:>12}  {path.name}\n")
    return 0


def make(wish: Wish) -> None:
    """The files in `out`. NotBuilt: a tool refuses or is not here. OSError."""
    wish.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ykt-", dir=wish.out) as room:
        tree = Path(room) / "tree"
        bootstrap(wish, tree)
        for name in ("vmlinuz", "initrd.img"):
            shutil.copyfile((tree / name).resolve(), wish.out / name)
        machine_id = os.urandom(16).hex()
        line = COMMAND_LINE.format(machine_id=machine_id, console=CONSOLES[wish.machine])
        (wish.out / "cmdline.txt").write_text(line + "\n", encoding="ascii")
        data = Path(room) / "data"
        _lay_data(wish, tree, data)
        _filesystem(data, wish.out / "data.img", "ykt-data", DATA_MIB)
        _filesystem(tree, wish.out / "root.img", "ykt-root", _mebibytes(tree))


def bootstrap(wish: Wish, tree: Path) -> None:
    """The root as a folder: Debian, our package, and what makes the root read-only. NotBuilt, OSError.

    In mounts of its own: those of /dev and /sys that a killed mmdebstrap leaves are seen by nobody who clears the tree.
    """
    packages = ",".join((*BASE, KERNELS[wish.machine], *OF_PRODUCTS[wish.product], *wish.more))
    command = [
        "unshare", "--mount", "mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory",
        f"--architectures={_of(wish)}", f"--include={packages}", "--aptopt=Apt::Install-Recommends false",
        *(f"--dpkgopt=path-exclude={path}" for path in _UNWANTED),
        *(f"--customize-hook={hook}" for hook in _hooks(wish)), SUITE, str(tree),
    ]  # fmt: skip
    _run(*command)
    for name, place in PLACES.items():
        (tree / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(TEMPLATES / name, tree / place)
    for name in ("data", "var/log/journal", "var/lib/openykt", "var/lib/openykt-box"):
        (tree / name).mkdir(parents=True, exist_ok=True)
    (tree / "etc/hostname").write_text("openykt\n", encoding="ascii")
    (tree / "etc/resolv.conf").unlink(missing_ok=True)
    _run("systemctl", f"--root={tree}", "--quiet", "enable", *UNITS[wish.product])
    _run("systemctl", f"--root={tree}", "--quiet", "mask", *_MASKED)


def _of(wish: Wish) -> str:
    return DEBIAN[wish.machine]


def _hooks(wish: Wish) -> Iterator[str]:
    """Our package into the tree, by the tree's own dpkg."""
    inside = f"/{wish.deb.name}"
    yield f'cp "{wish.deb}" "$1{inside}"'
    yield f'chroot "$1" dpkg --install "{inside}"'
    yield f'rm "$1{inside}"'


def _lay_data(wish: Wish, tree: Path, data: Path) -> None:
    """Empty, with the package's own settings and what was given; the program's folder belongs to its user."""
    for name in DATA_DIRS:
        (data / name).mkdir(parents=True)
    shutil.copytree(tree / "etc/openykt", data / "settings", dirs_exist_ok=True)
    if wish.data is not None:
        shutil.copytree(wish.data, data, dirs_exist_ok=True)
    user, group = _ids(tree)
    for path in (data / "openykt", *(data / "openykt").rglob("*")):
        os.chown(path, user, group, follow_symlinks=False)
    (data / "openykt").chmod(0o700)


def _ids(tree: Path) -> tuple[int, int]:
    rows = (line.split(":") for line in (tree / "etc/passwd").read_text(encoding="utf-8").splitlines())
    row = next((row for row in rows if row[0] == "openykt"), None)
    if row is None:
        raise NotBuilt(str(Text("没有用户 openykt", "there is no user openykt")))
    return int(row[2]), int(row[3])


def _filesystem(folder: Path, image: Path, label: str, mebibytes: int) -> None:
    image.unlink(missing_ok=True)
    _run("mke2fs", "-q", "-t", "ext4", "-L", label, "-d", str(folder), "-m", "1", str(image), f"{mebibytes}M")


def _mebibytes(tree: Path) -> int:
    used = sum(path.lstat().st_size for path in tree.rglob("*") if not path.is_symlink() and path.is_file())
    return int(used / 2**20 * SLACK) + 64


def _run(*command: str) -> None:
    program = shutil.which(command[0], path="/usr/sbin:/usr/bin:/sbin:/bin")
    if program is None:
        raise NotBuilt(str(Text(f"没有 {command[0]}：安装 Debian 的同名软件包", f"{command[0]} is not installed")))
    done = subprocess.run((program, *command[1:]), capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotBuilt("\n".join((done.stderr or done.stdout).splitlines()[-20:]))


if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    end(lambda: main(sys.argv[1:]))
