"""A station that is ordered to restart begins its firmware anew from its files, once, and sells on."""

import asyncio
import json

import pytest

from edge.link import messages as link
from edge.link.messages import Type
from edge.terminal.station.station import Station
from edge.terminal.station.wires import Wire
from edge.terminal.taps.steps import End
from shared.clocks.campus_clock import WALL
from shared.fleet.document import DocumentKind, device_scope
from shared.fleet.order import Order, Reboot
from shared.wire.fleet_lane import Verdict
from tests.edge.terminal.conftest import DEVICE
from tests.edge.terminal.down.centre import CAMPUS_PUBLIC, Centre
from tests.edge.terminal.test_process import Campus
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process


def believing(campus):
    """The body knows the campus key."""
    path = campus.folder / "terminal.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "campus_key": CAMPUS_PUBLIC.hex()}))


async def until(condition):
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110  # of several parts, none of which has an event
            await asyncio.sleep(0.01)


async def restarted(campus):
    believing(campus)
    await campus.serve()
    centre = Centre(DocumentKind.ORDER, device_scope(DEVICE))
    centre.make(Order(Reboot()).encode())
    pages = Type.DOCUMENT_PAGE, link.DOCUMENT_PAGE.encode(centre.page(1, 0))
    campus.edge.wanted = lambda want: [campus.edge.seal(*pages)]
    station = Station(campus.folder, Wire(tcp=f"127.0.0.1:{campus.port}"), WALL, lambda _: None)
    station.start()
    await until(lambda: station.firmware.line.is_registered)
    before = station.firmware
    for kind, payload in (
        (Type.DOCUMENT_KEY, link.DOCUMENT_KEY.encode(centre.key)),
        (Type.DOCUMENT_HEAD, link.DOCUMENT_HEAD.encode(centre.head(1))),
    ):
        campus._say(campus.peer, campus.edge.seal(kind, payload))
    await until(lambda: station.firmware is not before and station.firmware.line.is_registered)
    await until(lambda: campus.edge.reports and campus.edge.reports[-1].verdict is Verdict.IN_USE)
    after = station.firmware
    sold = await station.tap(after.sell(1250, station.now()), campus.school.card(campus.school.memory(1, 20_000)))
    await until(lambda: after.is_drained)
    boots = [hello.boot for hello in campus.edge.hellos]
    await station.close()
    await campus.end()
    return station, before, boots, sold


def test_it_restarts_once_and_sells_on(kit, school, tmp_path):
    campus = Campus(kit, school, tmp_path)
    station, before, boots, sold = asyncio.run(restarted(campus))
    assert (station.restarts, sold.end) == (1, End.DONE)
    assert station.firmware.body.flash.boot == before.body.flash.boot + 1
    assert sorted({*boots}) == [before.body.flash.boot, before.body.flash.boot + 1]
    assert [one.verdict for one in campus.edge.reports][-2:] == [Verdict.STORED, Verdict.IN_USE]
    assert campus.edge.seqs() == [1]
