"""`python -m edge.card.sim_room RUN PCSCD [unplugged]`: a pcscd with virtual readers nobody else reaches.

In namespaces of its own; unplugged: without the readers. Started by `sim_pcscd` under `unshare`. RUN lies over /run:
pcscd's socket is RUN/pcscd/pcscd.comm for those outside; its readers' ports listen in a network that has nothing but
its own loopback. Who wants to put a card in asks at the unix socket RUN/dial for a connection to a slot. Ends when its
standard input does, and pcscd with it.
"""

from __future__ import annotations

import fcntl
import os
import selectors
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from struct import Struct

from edge.card.sim_reader import FIRST_PORT, SLOTS, UNPLUGGED, configuration

POLL_S = 0.2
"""How soon the end of pcscd is noticed."""
END_S = 5.0
DIAL_S = 2.0
"""A caller says its slot within this, or is sent away."""
_IFREQ = Struct("16sH14x")
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1


def main(arguments: list[str]) -> int:
    """The exit code: pcscd's own when it ended by itself, 0 when we were told to end."""
    run, pcscd, entry = Path(arguments[0]), arguments[1], "" if UNPLUGGED in arguments[2:] else configuration()
    _raise_loopback()
    subprocess.run(["mount", "--bind", str(run), "/run"], check=True)
    with socket.socket(socket.AF_UNIX) as dial:
        (run / "dial").unlink(missing_ok=True)  # of a room that was killed
        dial.bind(str(run / "dial"))
        dial.listen(SLOTS)
        process = _start(run, pcscd, entry)
        try:
            return _serve(process, dial)
        finally:
            _end(process)


def _start(run: Path, pcscd: str, entry: str) -> subprocess.Popen[bytes]:
    conf, drivers = run / "reader.conf.d", run / "no-usb"
    for folder in (conf, drivers):
        folder.mkdir(mode=0o700, exist_ok=True)
    (conf / "openykt").write_text(entry, encoding="ascii")
    words = [pcscd, "--foreground", "--disable-polkit", "--config", str(conf)]
    # real readers stay with the system's pcscd: this one finds no USB driver
    return subprocess.Popen(words, stdin=subprocess.DEVNULL, env={**os.environ, "PCSCLITE_HP_DROPDIR": str(drivers)})


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
    sys.exit(main(sys.argv[1:]))
