"""A mail server (SMTP, RFC 5321) on a loopback port: takes mails and lays them into a folder, where one can open them.

For a demonstration: no TLS, no password, it sends nothing on. Bounds: MAIL_MAX bytes of a mail, MAILS_MAX in the
folder, the oldest go first; a caller has CALLER_S for each line.
"""

import socketserver
import threading
from contextlib import suppress
from itertools import count
from pathlib import Path

CALLER_S = 30.0
LINE_MAX = 2048
MAIL_MAX = 1 << 20
MAILS_MAX = 1000
RCPT_MAX = 100


class MailEmulator:
    """Use as a context manager; `port` is what a door connects to, on 127.0.0.1."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        keep = _Kept(folder)

        class Handler(_Talk):
            kept = keep

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="mail", daemon=True)

    def __enter__(self) -> "MailEmulator":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Kept:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        numbers = (int(file.stem) for file in folder.glob("*.eml") if file.stem.isdecimal())
        self._number = count(max(numbers, default=0) + 1)
        self._lock = threading.Lock()

    def keep(self, body: bytes) -> None:
        with self._lock:
            number = next(self._number)
            made = self._folder / f".{number:06d}.new"
            made.write_bytes(body)
            made.rename(self._folder / f"{number:06d}.eml")
            (self._folder / f"{number - MAILS_MAX:06d}.eml").unlink(missing_ok=True)


class _Talk(socketserver.StreamRequestHandler):
    timeout = CALLER_S
    kept: _Kept

    def handle(self) -> None:
        self._sender, self._to = False, 0
        self._say("220 openykt emulator")
        with suppress(OSError):
            while line := self.rfile.readline(LINE_MAX):
                if not self._answered(line.strip()):
                    return

    def _answered(self, line: bytes) -> bool:
        """Does the talk go on?"""
        match line[:4].upper():
            case b"EHLO" | b"HELO":
                self._say("250-openykt", "250 8BITMIME") if line[:1] in b"Ee" else self._say("250 openykt")
            case b"MAIL":
                self._sender, self._to = True, 0
                self._say("250 ok")
            case b"RCPT" if self._sender and self._to < RCPT_MAX:
                self._to += 1
                self._say("250 ok")
            case b"DATA" if self._to:
                return self._data()
            case b"RSET":
                self._sender, self._to = False, 0
                self._say("250 ok")
            case b"NOOP":
                self._say("250 ok")
            case b"QUIT":
                self._say("221 bye")
                return False
            case b"RCPT" | b"DATA":
                self._say("503 not now")
            case _:
                self._say("502 not known")
        return True

    def _data(self) -> bool:
        self._say("354 go on")
        body, size = [], 0
        while (line := self.rfile.readline(LINE_MAX)) not in (b".\r\n", b".\n", b""):
            size += len(line)
            body += [line[1:] if line.startswith(b"..") else line] if size <= MAIL_MAX else []
        if not line:
            return False
        self._sender, self._to = False, 0
        if size > MAIL_MAX:
            self._say("552 too long")
            return True
        self.kept.keep(b"".join(body))
        self._say("250 kept")
        return True

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())
