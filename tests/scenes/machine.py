"""A small board that is none: an image of `./ykt image` in QEMU, by its emulated processor; it can lose its power.

Its console goes to a file; a root shell is on its second serial line. `can0` is a vcan that the machine is given at
boot: the image itself is as it would be on a board.
"""

import base64
import json
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

from tests.patience import PATIENCE_S

QEMU = "qemu-system-x86_64"
BOOT_S = 600.0
"""An emulated processor beside other work."""
TURN_S = 1.0
_CAN = """\
[Unit]
Before=openykt-till.service openykt-edge.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/modprobe vcan
ExecStart=/usr/sbin/ip link add can0 type vcan
ExecStart=/usr/sbin/ip link set can0 up
"""
_UNIT = "io.systemd.credential.binary:systemd.extra-unit.vcan.service="
_MORE = "systemd.debug_shell=ttyS1 systemd.wants=vcan.service systemd.mask=openykt-till-can.service"
_ESCAPES = re.compile(r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-9;?!]*[a-zA-Z]")


def missing() -> list[str]:
    """What this machine lacks to make an image and to boot it."""
    return [name for name in (QEMU, "mmdebstrap", "mke2fs", "e2fsck") if _program(name) is None]


def _program(name: str) -> str | None:
    return shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")


class Machine:
    """One board with its two partitions. image: the folder of `./ykt image`; room: a short path of its own."""

    def __init__(self, image: Path, room: Path) -> None:
        self.image, self.room = image, room
        room.mkdir(parents=True, exist_ok=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._shell: socket.socket | None = None
        self.boots = 0

    def power_on(self) -> None:
        """It begins to boot."""
        for name in ("shell", "qmp"):
            (self.room / name).unlink(missing_ok=True)
        line = (self.image / "cmdline.txt").read_text(encoding="ascii").strip()
        can = base64.b64encode(_CAN.encode()).decode()
        drives = [f"file={self.image / name},format=raw,if=virtio" for name in ("root.img", "data.img")]
        words = (
            "-machine", "pc,accel=tcg", "-m", "512", "-smp", "2", "-display", "none", "-vga", "std", "-nic", "none",
            "-no-reboot", "-kernel", str(self.image / "vmlinuz"), "-initrd", str(self.image / "initrd.img"),
            "-append", f"{line} {_MORE}", *(word for drive in drives for word in ("-drive", drive)),
            "-serial", f"file:{self.room / 'console.log'}", "-serial", f"unix:{self.room / 'shell'},server=on,wait=off",
            "-qmp", f"unix:{self.room / 'qmp'},server=on,wait=off", "-smbios", f"type=11,value={_UNIT}{can}",
            "-device", "i6300esb",
        )  # fmt: skip
        self._process = subprocess.Popen((QEMU, *words), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.boots += 1

    def power_off(self) -> None:
        """At once, as a plug is pulled."""
        if self._shell is not None:
            self._shell.close()
            self._shell = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def says(self, command: str, bound_s: float = 60.0) -> str:
        """What the root shell answers; empty where nobody answers yet."""
        try:
            shell = self._shell or self._dialled()
            return self._asked(shell, command, bound_s)
        except OSError:
            if self._shell is not None:
                self._shell.close()
                self._shell = None
            return ""

    def _asked(self, shell: socket.socket, command: str, bound_s: float) -> str:
        """TimeoutError when the answer has not ended by then."""
        mark = f"end{time.monotonic_ns()}"
        shell.sendall(f"{command}\necho {mark[:3]}''{mark[3:]}\n".encode())
        got, until_s = b"", time.monotonic() + bound_s
        while mark.encode() not in got:
            shell.settimeout(max(0.1, until_s - time.monotonic()))
            more = shell.recv(1 << 16)
            if not more or time.monotonic() > until_s:
                raise TimeoutError(command)
            got += more
        return _ESCAPES.sub("", got.decode("utf-8", "replace")).replace("\r", "").partition(mark)[0]

    def until(self, command: str, holds: str, bound_s: float = BOOT_S) -> str:
        """Until its answer has this in it; AssertionError with what it said last."""
        until_s, said = time.monotonic() + bound_s, ""
        while time.monotonic() < until_s:
            assert self._process is not None
            assert self._process.poll() is None, "the machine has ended by itself"
            said = self.says(command, 20.0) or said
            if holds in said:
                return said
            time.sleep(TURN_S)
        raise AssertionError(f"{command}: {holds} did not come: {said[-1500:]}")

    def shot(self, into: Path) -> Path:
        """The display, as a PPM picture."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(PATIENCE_S)
            line.connect(str(self.room / "qmp"))
            file = line.makefile("rw", encoding="utf-8")
            file.readline()
            shot = {"execute": "screendump", "arguments": {"filename": str(into)}}
            for words in ({"execute": "qmp_capabilities"}, shot):
                file.write(json.dumps(words) + "\n")
                file.flush()
                while "return" not in (said := json.loads(file.readline())):
                    assert "error" not in said, said
        return into

    def _dialled(self) -> socket.socket:
        """A line to the shell, which from then on repeats nothing of what it is told. OSError: it is not there yet."""
        shell = socket.socket(socket.AF_UNIX)
        shell.settimeout(5.0)
        shell.connect(str(self.room / "shell"))
        self._shell = shell
        self._asked(shell, "stty -echo; set +o emacs; PS1= ; PS2= ; bind 'set enable-bracketed-paste off'", 20.0)
        return shell


def checked(image: Path) -> tuple[int, str]:
    """A file system after a power cut: its journal is played, then all of it is looked through. Its code and words."""
    program = _program("e2fsck") or "e2fsck"
    subprocess.run((program, "-p", str(image)), capture_output=True, check=False)
    done = subprocess.run((program, "-f", "-n", str(image)), capture_output=True, text=True, check=False)
    return done.returncode, done.stdout[-300:]
