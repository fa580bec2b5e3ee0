"""The open platform as a process, and how it is asked over its wire."""

import json
import socket
import ssl
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloud.open.sandbox.books import MERCHANT
from cloud.open.store.apps import SCOPES, App, add_app, add_key
from cloud.open.store.schema import open_store
from compose.parts.standing import Standing
from compose.place import ROOT
from shared.keys.front_token import TOKEN_FILE, Zone
from tests.patience import PATIENCE_S


@dataclass
class Platform:
    data: Path
    port: int
    folder: Path
    standing: Standing
    accounts: Standing
    """Behind it: what it knows is there."""
    behind: int
    """Its port."""

    @property
    def health(self) -> Path:
        """The front's socket."""
        return self.folder / "open.health"

    def ready(self) -> str:
        """What the front says of itself there."""
        with closing(socket.socket(socket.AF_UNIX)) as line:
            line.settimeout(PATIENCE_S)
            line.connect(str(self.health))
            line.sendall(b"GET /readyz HTTP/1.1\r\n\r\n")
            with line.makefile("rb") as said:
                return said.read().decode().rpartition("\r\n")[2].strip()

    @property
    def ca(self) -> Path:
        return self.data / "cloud" / "ca.pem"

    def command(self, *words: str) -> list[str]:
        """Of `./ykt cloud open`; its lines."""
        whole = (sys.executable, "-P", "-m", "cloud", "open", *words, "--data", str(self.data))
        done = subprocess.run(whole, capture_output=True, text=True, timeout=PATIENCE_S, check=False, cwd=ROOT)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    def ask(self, key: str, method: str, path: str, body: Any = None, idempotency: str = "") -> tuple[int, Any]:
        raw = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", "Host: x", "Connection: close", f"Authorization: Bearer {key}"]
        lines += [f"Idempotency-Key: {idempotency}"] if idempotency else []
        lines += ["Content-Type: application/json", f"Content-Length: {len(raw)}"] if raw else []
        head, _, said = self.raw("\r\n".join([*lines, "", ""]).encode() + raw).partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(said)

    def ask_behind(self, zone: Zone, path: str, body: bytes) -> tuple[int, bytes]:
        """As the front of that zone does."""
        token = (self.data / zone.folder / TOKEN_FILE).read_text().strip()
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n"
        request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        said, _, answer = self.raw(request, self.behind).partition(b"\r\n\r\n")
        return int(said.split()[1]), answer

    def raw(self, request: bytes, port: int = 0) -> bytes:
        context = ssl.create_default_context(cafile=self.ca)
        plain = socket.create_connection(("127.0.0.1", port or self.port), PATIENCE_S)
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as line:
            line.sendall(request)
            found = b""
            while piece := line.recv(65536):
                found += piece
        return found


def admitted(platform: Platform, merchant: str = "") -> tuple[str, str]:
    """Number and key of a new application; of the sandbox where no merchant is named."""
    wanted = App("", "t", merchant or MERCHANT, SCOPES, 100_000, 100_000, 0, 0, "", 0, not merchant)
    with closing(open_store(platform.data)) as store, store.writing():
        app = add_app(store, wanted)
        return app.id, add_key(store, app, 0)
