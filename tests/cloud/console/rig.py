"""Pages over a real ledger of the small campus, real operators and a real watch, asked without a server."""

import json
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache

from cloud.console.access.accounts import Accounts
from cloud.console.access.audit import Audit
from cloud.console.access.rights import Grant
from cloud.console.frame.sources import Shown, Sources, nobody_enrols, nobody_signs
from cloud.console.shell import create_pages, renderer
from cloud.fleet.enrol.asked import BoxOffice
from cloud.fleet.signing import DocumentSigner
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import open_reader
from cloud.process.functions import switch
from cloud.process.settings import FOLDER, CloudSettings, MqttChoice, TlsFiles
from shared.input.functions import Function
from tests.cloud.ledger import campus as c
from tests.cloud.ledger import fresh

PASSWORD = "correct horse battery"
TOKEN = "machine-token"


class Compiled(BytecodeCache):
    """Each template once per process: every application of a test would compile all that it shows again."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if (kept := self._kept.get(bucket.key)) is not None:
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


@dataclass(frozen=True, slots=True)
class Rig:
    """ledger: to book into; its reader sees what is booked at once."""

    app: Flask
    sources: Sources
    ledger: Ledger

    def browser(self, name: str = "admin", grants: Sequence[Grant] = ()) -> "Browser":
        """Somebody who has signed in; with the grants given, else as the first operator."""
        link = self.sources.accounts.make_link(name, now())
        client = self.app.test_client()
        assert client.post(f"/first-login/{link}", data={"password": PASSWORD, "again": PASSWORD}).status_code == 302
        if grants:
            self.sources.accounts.set_grants(name, grants)
        return Browser(client)


@dataclass(frozen=True, slots=True)
class Browser:
    """One session."""

    client: FlaskClient

    def see(self, path: str, status: int = 200) -> str:
        """A page's text."""
        answer = self.client.get(path)
        assert answer.status_code == status, answer.status_code
        return answer.get_data(as_text=True)

    def send(self, path: str, status: int = 302, **form: Any) -> str:
        """A form of ours, with the session's own token."""
        found = re.search(r'data-csrf="([^"]+)"', self.client.get("/login").get_data(as_text=True))
        assert found
        answer = self.client.post(path, data={"csrf": found[1], **form})
        assert answer.status_code == status, (answer.status_code, answer.get_data(as_text=True))
        return answer.get_data(as_text=True)


@contextmanager
def made(
    folder: Path,
    snapshot: dict[str, Any] | None = None,
    signer: DocumentSigner | None = None,
    off: Sequence[Function] = (),
    office: BoxOffice | None = None,
) -> Iterator[Rig]:
    """In a folder of its own; an SQLite ledger with the small campus imported. signer None: the key process is away."""
    (folder / FOLDER).mkdir()
    for function in off:
        switch(folder, function, on=False)
    dsn = str(folder / FOLDER / "ledger.db")
    ledger = fresh.in_file(Path(dsn))
    reader, accounts = open_reader(dsn), Accounts(folder / FOLDER / "console.db")
    shown = snapshot or {"stale": True}
    app: Flask
    sources = Sources(
        Shown(lambda: shown, lambda view: json.dumps({"stale": shown["stale"], "html": renderer(app)(shown, view)})),
        reader, accounts, Audit(folder / FOLDER / "console.db"), _settings(folder), dsn, TOKEN, secure=False,
        signer=lambda: nullcontext(signer) if signer else nobody_signs(),
        office=lambda: nullcontext(office) if office else nobody_enrols(),
    )  # fmt: skip
    app = create_pages(sources)
    app.jinja_env.bytecode_cache = COMPILED
    with closing(ledger), closing(accounts), closing(reader):
        yield Rig(app, sources, ledger)


def now() -> int:
    """Unix seconds."""
    return int(time.time())


def _settings(folder: Path) -> CloudSettings:
    none = folder / "none"
    return CloudSettings(
        folder, 1, "演示校园", True, c.ISSUER, bytes(32), bytes(32), none, TlsFiles(none, none, none), none, none,
        MqttChoice(),
    )  # fmt: skip
