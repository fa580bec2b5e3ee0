"""At the front a held call waits on no line and no thread; one watcher asks for all."""

import asyncio
from typing import Any

import pytest

from cloud.wallet.front import held as module
from cloud.wallet.front.held import HeldCalls
from cloud.wallet.line.problems import AWAY, CallRefused


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0.001)


async def stays() -> dict[str, Any]:
    return await asyncio.get_running_loop().create_future()


async def goes() -> dict[str, Any]:
    return {"type": "http.disconnect"}


def first(handle: str) -> dict[str, Any]:
    return {"value": "waits", "held": handle}


def test_all_who_wait_are_told_by_few_calls_also_behind_a_service_that_was_away() -> None:
    asked = []

    async def look(handles: list[str]) -> dict[str, Any]:
        asked.append(len(handles))
        if len(asked) == 1:
            raise CallRefused(AWAY)
        return {one: {"value": one} if one != "7" else None for one in handles}

    async def wait() -> list[dict[str, Any]]:
        held = HeldCalls(look)
        return await asyncio.gather(*(held.told(first(str(n)), f"10.0.0.{n % 9}", stays) for n in range(100)))

    told = asyncio.run(wait())
    assert [one["value"] for one in told] == [str(n) if n != 7 else "waits" for n in range(100)]
    assert asked == [100, 100]


def test_at_the_bounds_and_when_the_phone_goes_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    async def look(handles: list[str]) -> dict[str, Any]:
        return {}

    async def wait() -> None:
        held = HeldCalls(look)
        assert await held.told(first("a"), "10.0.0.1", goes) == first("a")
        monkeypatch.setattr(module, "HELD_OF_ADDRESS", 1)
        waits = asyncio.ensure_future(held.told(first("b"), "10.0.0.1", stays))
        await asyncio.sleep(0)
        assert await held.told(first("c"), "10.0.0.1", stays) == first("c")
        monkeypatch.setattr(module, "HELD_MAX", 1)
        assert await held.told(first("d"), "10.0.0.2", stays) == first("d")
        waits.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waits
        assert (held.held, held.not_held, held._waiting) == (2, 2, {})

    asyncio.run(wait())
