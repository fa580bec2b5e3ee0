"""`python -m edge.card.sim.room RUN PCSCD WORD…`: a pcscd with virtual readers that nobody else reaches.

Started by `pcscd.py` under `unshare`, in a network of its own: the readers' ports listen where there is nothing but
our loopback. RUN has their entry for pcscd. WORD hidden: RUN lies over /run, so that no trace is left there. Outside,
pcscd's socket is RUN/pcscd.comm and, once it is ready, RUN/pid its number; who wants to put a card in asks at RUN/dial
for a line to a slot. Ends when its standard input does, and pcscd with it.
"""

from __future__ import annotations

import fcntl
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from struct import Struct

from edge.card.sim.place import FIRST_PORT, HIDDEN, PID, READERS, SLOTS, SOCKET
from edge.files.disk import keep_private
from shared.words.voice import speak, wanted

POLL_S = 0.2
"""How soon the end of pcscd is noticed."""
PORT_POLL_S = 0.01
PORTS_S = 8.0
"""Less than who started us waits: we end pcscd ourselves."""
END_S = 5.0
DIAL_S = 2.0
"""A caller says its slot within this, or is sent away."""
_LISTENS = "0A"
"""The state of a listening socket in /proc/net/tcp."""
_IFREQ = Struct("16sH14x")
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1


def main(arguments: list[str]) -> int:
    """The exit code: pcscd's own when it ended by itself, 1 when it found no readers, 0 when we were told to end."""
    run, pcscd, words = Path(arguments[0]), arguments[1], arguments[2:]
    _raise_loopback()
    if HIDDEN in words:
        subprocess.run(["mount", "--bind", str(run), "/run"], check=True)
    with _listen(run / "dial") as dial:
        process = _start(run, pcscd)
        try:
            if not _has_ports(process, SLOTS if (run / READERS).stat().st_size else 0):
                return 1
            _say_pid(run, process.pid)
            return _serve(process, dial)
        finally:
            _end(process)


def _listen(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)  # of a room that was killed
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen()
    return listening


def _start(run: Path, pcscd: str) -> subprocess.Popen[bytes]:
    drivers = run / "no-usb"
    drivers.mkdir(mode=0o700, exist_ok=True)
    words = [pcscd, "--foreground", "--disable-polkit", "--config", str((run / READERS).parent)]
    # real readers stay with the system's pcscd: this one finds no USB driver
    environment = {**os.environ, "PCSCLITE_HP_DROPDIR": str(drivers)}
    with _listen(run / SOCKET) as listening:
        return _activated(words, listening, environment)


def _has_ports(process: subprocess.Popen[bytes], count: int) -> bool:
    """Waits for as many listeners, PORTS_S at the most: nobody but the readers listens in this network.

    False: pcscd has ended, or runs without the readers.
    """
    until_s = time.monotonic() + PORTS_S
    while process.poll() is None and time.monotonic() < until_s:
        lines = Path("/proc/self/net/tcp").read_text(encoding="ascii").splitlines()
        if sum(line.split()[3] == _LISTENS for line in lines) >= count:
            return True
        time.sleep(PORT_POLL_S)
    return False


def _say_pid(run: Path, pid: int) -> None:
    part = run / f"{PID}.part"
    part.write_text(f"{pid}\n", encoding="ascii")
    part.replace(run / PID)


def _activated(words: list[str], listening: socket.socket, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """pcscd as systemd would start it, with its socket as descriptor 3: its own would have one fixed name."""
    shell = f'exec 3<&{listening.fileno()}; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"'
    return subprocess.Popen(
        ["sh", "-c", shell, "sh", *words], stdin=subprocess.DEVNULL, env=environment, pass_fds=(listening.fileno(),)
    )


def _serve(process: subprocess.Popen[bytes], dial: socket.socket) -> int:
    with selectors.DefaultSelector() as ready:
        ready.register(dial, selectors.EVENT_READ)
        ready.register(sys.stdin, selectors.EVENT_READ)
        while process.poll() is None:
            for key, _ in ready.select(POLL_S):
                if key.fileobj is sys.stdin:
                    return 0
                _connect_for(dial)
    return process.returncode


def _connect_for(dial: socket.socket) -> None:
    """One byte, the slot, in; a connection to that slot, or nothing, out."""
    caller, _ = dial.accept()
    caller.settimeout(DIAL_S)
    with caller, suppress(OSError, IndexError):
        slot = caller.recv(1)[0]
        if slot < SLOTS:
            with socket.create_connection(("127.0.0.1", FIRST_PORT + slot), DIAL_S) as line:
                line.settimeout(None)
                socket.send_fds(caller, [b"\0"], [line.fileno()])


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        found = fcntl.ioctl(any_socket, _GET_FLAGS, _IFREQ.pack(b"lo", 0))
        flags = _IFREQ.unpack(found)[1]
        fcntl.ioctl(any_socket, _SET_FLAGS, _IFREQ.pack(b"lo", flags | _UP))


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    sys.exit(main(sys.argv[1:]))
