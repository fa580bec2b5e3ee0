"""A service as a part: what goes on beside it must go on, and whom it waits for is asked each time."""

import argparse
import asyncio
from pathlib import Path

import pytest

from cloud.process.https_part import HttpsPart, run
from cloud.process.serving import HttpsServer
from compose.servers.ports import free_port
from shared.errors import RuleBroken
from tests.cloud.campus import Campus
from tests.patience import PATIENCE_S


async def live(scope, receive, send) -> None:
    """Of a lifespan alone."""
    for word in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{word}.complete"})


def test_one_beside_that_ends_early_ends_the_part(provisioned: Campus, tmp_path: Path) -> None:
    """And what it waits for is said by its health meanwhile."""
    folder, port, health = provisioned.data / "cloud", free_port(), tmp_path / "health.sock"
    heard: list[bytes] = []

    async def falls(stop: asyncio.Event) -> None:
        while not heard or b"waits for accounts" not in heard[-1]:
            await asyncio.sleep(0.01)
            if health.exists():
                heard.append(await asked(health))
        raise RuleBroken("it fell")

    part = HttpsPart("t", dict, beside=(falls,), waits=lambda: ("accounts",))
    given = argparse.Namespace(host="127.0.0.1", port=port, health=health, end_with_stdin=False)

    async def whole() -> None:
        server = HttpsServer(live, given.host, port, folder / "console.pem", folder / "console.key")
        await asyncio.wait_for(run(server, part, given), PATIENCE_S)

    with pytest.raises(RuleBroken, match="it fell"):
        asyncio.run(whole())


async def asked(health: Path) -> bytes:
    reader, writer = await asyncio.open_unix_connection(health)
    writer.write(b"GET /readyz HTTP/1.1\r\n\r\n")
    said = await reader.read()
    writer.close()
    return said
