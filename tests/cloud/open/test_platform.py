"""The open platform beside the wallet: what ails it is told and tried again, and is never the end of the wallet."""

import asyncio
import time

import pytest

from cloud.open.back.platform import WAITING_MAX, Platform
from cloud.open.line import Asked, ask_call, ask_due, ask_told, said_of, state_of
from cloud.open.problems import BUSY, CallRefused
from cloud.process.settings import FOLDER, load_settings
from shared.clocks.campus_clock import parse_clock
from shared.keys.front_token import OPEN
from tests.cloud.campus import Campus
from tests.patience import PATIENCE_S


def test_a_digest_that_rots_is_told_and_ends_nothing(campus: Campus, caplog: pytest.LogCaptureFixture) -> None:
    (campus.data / FOLDER / OPEN.digest).write_bytes(b"\xff")
    platform = Platform(load_settings(campus.data), "", parse_clock(None))

    async def turned() -> None:
        stop, patience = asyncio.Event(), time.monotonic() + PATIENCE_S
        turns = asyncio.create_task(platform.turns(stop))
        while not caplog.records and not turns.done():
            assert time.monotonic() < patience
            await asyncio.sleep(0.01)
        stop.set()
        await turns
        await platform.end()

    asyncio.run(turned())
    assert [one.getMessage() for one in caplog.records] == ["open: UnicodeDecodeError"]
    assert not platform.admits("x")


def test_busy_is_an_answer_to_a_call_alone(campus: Campus, monkeypatch: pytest.MonkeyPatch) -> None:
    """A front would take it for one that has noted what it was told."""
    assert WAITING_MAX > 0
    monkeypatch.setattr("cloud.open.back.platform.WAITING_MAX", 0)
    platform = Platform(load_settings(campus.data), "", parse_clock(None))
    call = ask_call(Asked("GET", "/v1/orders", "", [], b""))
    busy, *others = [asyncio.run(platform.answered(one)) for one in (call, ask_due(()), ask_told((), 200, ""), b"")]
    assert isinstance(busy, bytes)
    assert (said_of(busy).status, others) == (BUSY.status, [503] * 3)
    with pytest.raises(CallRefused):
        state_of(busy)
