"""The wallet's published document as who writes another wallet uses it: a client that a generator made of it."""

import asyncio
import importlib
from pathlib import Path
from types import ModuleType

import httpx
import pytest

from cloud.wallet.back.context import Later
from cloud.wallet.front.app import Front
from cloud.wallet.line.calls import encode_answer
from cloud.wallet.people.sessions import make_link
from compose.place import ROOT
from tests.cloud.open.made import make_client
from tests.cloud.wallet.rig import CHILD, Rig

DOCUMENT = ROOT / "docs" / "api" / "wallet.json"
PACKAGE = "made_wallet"


class NoWire:
    """The front's line to the accounts service, without a socket."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    async def ask(self, body: bytes) -> bytes:
        found = self._rig.answers.begin(body, self._rig.now)
        while isinstance(found, Later):
            found = self._rig.answers.go_on(found, found.work())
        return encode_answer(found)


def test_a_generated_client_signs_in_and_reads_what_is_written(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_client(DOCUMENT, tmp_path, PACKAGE)
    monkeypatch.syspath_prepend(str(tmp_path))
    with rig.site.people.writing():
        token = make_link(rig.site.people, 1, rig.now.unix_ms)
    asyncio.run(walk(rig, token))


def call(name: str) -> ModuleType:
    return importlib.import_module(f"{PACKAGE}.api.default.{name}")


async def walk(rig: Rig, token: str) -> None:
    made, models = importlib.import_module(PACKAGE), importlib.import_module(f"{PACKAGE}.models")
    way = httpx.ASGITransport(Front(NoWire(rig)))
    client = made.Client(base_url="https://wallet.test", httpx_args={"transport": way})
    async with client:
        refused = await call("me").asyncio(client=client, body=models.MeBody(), x_ykt="1")
        assert (refused.code, refused.status) == ("sign-in", 401)
        await call("sign_in_link").asyncio(client=client, body=models.SignInLinkBody(token=token), x_ykt="1")
        me = await call("me").asyncio(client=client, body=models.MeBody(), x_ykt="1")
        assert CHILD[0] in [one.number for one in me.holders]
        home = await call("home").asyncio(client=client, body=models.HomeBody(holder=CHILD[0]), x_ykt="1")
        assert (home.name, home.state.value, home.card.seen) == (CHILD[1], "normal", False)
