"""A console that has so many of everything that its pages list: where a page asks for each row, it shows."""

import io
import re
import time

from cloud.console.access.rights import Grant, Role
from cloud.console.desks.kept import desks_of
from cloud.ledger.held.thefts import Report
from cloud.ledger.records.values import Now
from cloud.watch.alarms.terms import Kind as Thing
from cloud.watch.alarms.terms import Source
from cloud.watch.alarms.watching import Key
from shared.clocks.campus_clock import WALL
from shared.ids import BoxId, DeviceId
from shared.inventory import BoxRow, DeviceKind, DeviceRow, PsamRow
from shared.records import Kind
from shared.wire.desk.line import ID_SIZE, CardSeen, Deed, End, Ended, Moved, Order, Sums
from shared.wire.messages import BoxState, DeviceStatus, EpochStatus, TerminalState
from shared.words.voice import Text
from tests.cloud.console.pages.alarms.scene import raised
from tests.cloud.console.pages.devices.test_commands import chosen, given
from tests.cloud.console.pages.places import drawn
from tests.cloud.console.rig import Browser, Rig
from tests.cloud.fleet.documents import Signer
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.fleet.boxes.test_boxes import Fleet as Boxes
from tests.cloud.ledger.fleet.firmware.test_rollouts import Fleet
from tests.cloud.ledger.fleet.parameters.test_pushing import Office, campus_file

EACH = 100
"""Terminals of a box."""
FIRST = 9_000
"""Of numbers of chips; those of the small campus are below."""
WROTE = "till-{:05}"


def now() -> Now:
    """Of this moment: pages show what is of today."""
    at = time.time()
    return Now(int(at * 1000), int(WALL.at(at)))


def body(n: int) -> DeviceId:
    """Of a terminal that is here beside those of the small campus."""
    return DeviceId(b"\x00\x02" + n.to_bytes(4, "big"))


def terminals(rig: Rig, n: int) -> None:
    """So many beside those of the small campus, and as many cards; all heard."""
    boxes = tuple(BoxRow(_box(at * EACH), 10 + at, f"食堂 {at}", b"") for at in range(-(-n // EACH)))
    devices = tuple(
        DeviceRow(body(at), DeviceKind.POS, _box(at), WROTE.format(at), f"{at} 号窗口", f"商户 {at // 10}")
        for at in range(n)
    )
    psams = tuple(PsamRow(c.psam(FIRST + at), body(at), c.ISSUED) for at in range(n))
    small = c.inventory()
    whole = c.inventory(
        n + 8, number=2, boxes=small.boxes + boxes, devices=small.devices + devices, psams=small.psams + psams
    )
    rig.ledger.import_inventory(whole, now())
    hear(rig, n)


def _box(n: int) -> BoxId:
    return BoxId(f"hall-{n // EACH:03}")


def hear(rig: Rig, n: int) -> None:
    """Each of their boxes speaks, and says a word of each of its terminals."""
    at_ms, here = now().unix_ms, dict[BoxId, list[int]]()
    for at in range(n):
        here.setdefault(_box(at), []).append(at)
    for box, own in here.items():
        said = tuple(TerminalState(body(at), str(at), "can0", "joined", at_ms, 3, 3, 0, 0) for at in own)
        rig.ledger.store_state(box, BoxState(box, c.STORE, at_ms, True, 0, 1000, 9, 0, 0, said), at_ms)


def statuses(rig: Rig, n: int) -> None:
    """Each of them has said what it wrote, and owes something."""
    for at in range(n):
        status = DeviceStatus(body(at), (EpochStatus(1, c.psam(FIRST + at), 1, 5, 4, 0),), 1, 1, 900, True, 9700, 11)
        rig.ledger.store_status(_box(at), status, now().unix_ms)


def books(rig: Rig, n: int) -> None:
    """So many purchases with a void, grey ones, wrong ones, held ones, half-done loads, deposits, reversals, thefts."""
    box, rows = c.Box(rig.ledger), list[bytes]()
    for at in range(1, n + 1):
        of, seq = c.card(at), at * 6 - 5
        rig.ledger.deposit(of, 5000, f"d{at}", c.NOW)
        sale = c.purchase(seq, of, 1, 100, c.OPENING)
        grey = c.purchase(seq + 2, of, 3, 40, c.OPENING, kind=Kind.UNPROVEN)
        wrong = c.purchase(seq + 3, of, 4, 70, c.OPENING, tac_of=b"nope")
        early = c.void(seq + 5, c.purchase(seq + 4, of, 7, 10, c.OPENING))
        rows += [c.stored(sale), c.void(seq + 1, sale), c.stored(grey), c.stored(wrong), early]
        online, load = c.load_request(of, 3, 400, c.OPENING - 100, request=at)
        rig.ledger.load_authorise(c.BOX, online, load, True, c.NOW)
        c.pay(rig.ledger, 100 + at, 10, of=of)
    box.send(*rows)
    box.send(*(c.stored(c.purchase(at, c.card(at), 9, 30, c.OPENING, at=c.FAR), c.FAR) for at in range(1, n + 1)))
    box.send(*(c.payment(6 * n + at, 100 + at, Kind.REVERSAL, 20, of=c.card(at)) for at in range(1, n + 1)))
    for at in range(n):
        rig.ledger.psam_stolen(Report(c.psam(FIRST + at), body=True, since_s=c.T0, who="王五", reason="撬"), now())
        rig.ledger.set_hotlisted(c.card(at + 1), True, now())
    rig.ledger.fold()
    while rig.ledger.find_differences(now()):
        pass


def fleet(rig: Rig, signer: Signer, n: int) -> None:
    """So many pushes of parameters and roll-outs of firmware and of boxes; parameters of every terminal."""
    office, side = Office(rig.ledger.opened), Fleet(rig.ledger.opened)
    side.signer = signer
    side.rollouts = type(side.rollouts)(side.firmware, signer)
    for at in range(n):
        office.push(campus_file(f"{30 + at}.00"))
        release = side.release(at + 2)
        number = side.roll_out(release, [c.POS, c.POS2, c.FAR], now=now())
        side.firmware.stop(number, "李明", "先停", now())
    boxes = Boxes(rig.ledger.opened)
    for _ in range(n):
        number = boxes.roll_out([c.BOX], [c.OTHER_BOX], now=now())
        boxes.boxes.stop(number, "李明", "先停", now())


def alarms(rig: Rig, n: int) -> None:
    """One of each terminal, and the watch looks."""
    for at in range(n):
        raised(rig, Key("terminal-silent", Source(Thing.TERMINAL, body(at).hex())), beats=at == n - 1)


def console(rig: Rig, browser: Browser, n: int) -> None:
    """So many plans with a device each, saved views, persons, screens, jobs, batches, rows of the audit list; a morning
    that is signed."""
    for at in range(1, n + 1):
        browser.send("/uploads/plans", name=f"图 {at}", box="", drawing=(io.BytesIO(drawn.png(8, 4)), "a.png"))
        browser.send(f"/plans/{at}/place", device=body(at - 1).hex(), x="25", y="50")
        browser.send(f"/plans/{at}/publish")
        browser.send("/views/save", name=f"视图 {at}", at=f"/devices?find={at}")
        rig.sources.accounts.set_grants(f"person-{at}", [Grant(Role.DUTY)])
        given(browser, chosen(browser, "locate", body(at - 1)))
        browser.send(
            "/aid/batch", name=f"b-{at}", payer="fund", reason="", text=f"卡号,金额,缘由\n{at:04d},5.00,困难\n"
        )
    sign(browser)


def sign(browser: Browser) -> None:
    """The morning, as it is."""
    found = re.search(r'name="digest" value="([0-9a-f]{32})"', browser.see("/morning"))
    assert found
    browser.send("/morning/sign", digest=found[1], note="在查")


def desks(rig: Rig, n: int) -> None:
    """So many card desks, and the first was asked as often."""
    kept = desks_of(rig.sources.file)
    for at in range(n):
        at_ms = now().unix_ms
        kept.pair(kept.make_code(f"desk-{at}", "admin", at_ms), at_ms)
    for at in range(n):
        order = Order(at.to_bytes(ID_SIZE, "big"), Deed.READ)
        kept.ask(1, "admin", order, at_ms)
        kept.take(1, at_ms)
        kept.end(1, Ended(order.id, End.DONE, (), CARD_SEEN), at_ms)


CARD_SEEN = CardSeen(
    c.card(1), "0001", Text("学生卡", "student"), "", True, "normal", False, Sums(1, 1, 1, 1, 1), "AGREES",
    Text("相符", "agrees"), (Moved("2026-09-15 12:00:00", Text("消费", "purchase"), -100, "till"),),
)  # fmt: skip


def stock(rig: Rig, browser: Browser, signer: Signer, n: int) -> str:
    """All of it; the number of an order that is chosen and not given."""
    rig.sources.accounts.set_grants("admin", [Grant(Role.ADMIN), Grant(Role.AID)])
    terminals(rig, n)
    statuses(rig, n)
    books(rig, n)
    fleet(rig, signer, n)
    alarms(rig, n)
    console(rig, browser, n)
    desks(rig, n)
    return chosen(browser, "locate", *(body(at) for at in range(n))).rpartition("/")[2]
