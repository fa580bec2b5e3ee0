"""One stolen box, with its genuine certificate, against the rest of the campus: ids, floods, lies about others.

Written from what must be true: nobody throws another off, the others' money goes on, a lie costs no genuine sale its
number, its marks or its epoch, and what is kept of lies is bounded.
"""

import threading
from pathlib import Path
from random import Random

import pytest

from tests.attack.books import require_books
from tests.attack.cbor_bytes import message
from tests.attack.guarded import EPOCH_REQUEST, FACT, Guarded, batches, forged, newest, seq_of, thief
from tests.attack.mqtt_bytes import Client
from tests.attack.place import BOUND_S, Place, asked

pytestmark = pytest.mark.process
RATE = 4.0
"""Taps/s of a counter: the cards must not be empty before the end."""
TAKE_OVERS = 6
FLOODED_POSTS = 25
POURED = 200
LIES = 40
UNDER_ONE_SEQ = 1_500
OF_ONE_DEVICE = "SELECT count(*) FROM quarantine q JOIN record r ON r.id = q.record WHERE substr(r.stored, 1, 6) = ?"


def _ids(place: Place) -> set[str]:
    """Client ids, as the broker's own log has them."""
    lines = [
        line.split(" as ")[1]
        for line in place.said("broker").splitlines()
        if "connected from" in line and " as " in line
    ]
    return {line.split(" ")[0] for line in lines}


def _bodies_posted(place: Place, body: str) -> int:
    sql = "SELECT count(*) FROM record r JOIN device d ON d.device = substr(r.stored, 1, 6) WHERE d.name = ?"
    return int(asked(place.ledger, sql, body)[0][0])


def _until_body_posts(place: Place, body: str, more: int) -> None:
    goal = _bodies_posted(place, body) + more
    place.until(f"{goal} records of {body}", lambda: _bodies_posted(place, body) >= goal)


def test_nobody_takes_the_place_of_another_at_the_broker(room: Path) -> None:
    """C13, at the broker as it is provisioned."""
    with Guarded(room, RATE) as place:
        place.open("pos-1", "pos-4")
        place.until_posted(10)
        ids = _ids(place)
        assert len(ids) >= 4, "two boxes and the ingest's sessions"
        for name in sorted(ids):
            for _ in range(3):
                try:
                    with Client(place.port, name, tls=place.key_of("canteen")) as client:
                        client.ping()
                except OSError:
                    continue  # refused at once is as good
        _until_body_posts(place, "pos-4", 10)
        with pytest.raises(OSError), Client(place.cloud, "x", tls=place.key_of("canteen")) as client:
            client.ping()
        taken = [line for line in place.said("broker").splitlines() if "already connected" in line]
        assert {line.split("Client ")[1].split(" ")[0] for line in taken} <= {"canteen"}, taken
        place.close_shop()
        require_books(place)


def test_an_ingest_that_is_thrown_off_comes_back_and_says_so(room: Path) -> None:
    """C13, at a broker that forbids nothing: a stranger takes the ingest's ids again and again."""
    with Place(room, RATE) as place:
        place.open("pos-1", "pos-4")
        place.until_posted(10)
        ids = [name for name in _ids(place) if name not in ("canteen", "annex")]
        for _ in range(TAKE_OVERS):
            for name in ids:
                with Client(place.port, name) as client:
                    client.ping()
            _until_body_posts(place, "pos-4", 1)
        assert place.is_up("ingest")
        urgent = asked(place.ledger, "SELECT code FROM fact WHERE level = 'urgent'")
        assert urgent, "a stranger at the broker is told"
        place.close_shop()
        require_books(place)


def test_a_flood_of_now_does_not_stop_the_others_money(room: Path) -> None:
    """C14. The thief has the box, so it is switched off meanwhile; it has the same id at the broker."""
    with Guarded(room, RATE) as place:
        place.open("pos-1", "pos-4")
        place.until_posted(10)
        place.kill("edge-canteen")
        over, poured = threading.Event(), threading.Event()
        flood = threading.Thread(target=_flood, args=(place, over, poured))
        flood.start()
        try:
            assert poured.wait(BOUND_S)
            _until_body_posts(place, "pos-4", FLOODED_POSTS)
        finally:
            over.set()
            flood.join()
        place.until("it is told whose flood it is", lambda: "canteen" in _told_of_boxes(place))
        place.start("edge-canteen")
        place.close_shop()
        require_books(place)


def _flood(place: Guarded, over: threading.Event, poured: threading.Event) -> None:
    topic = place.lane("up/now")
    words = [message(FACT, "no such fact", "urgent", n, b"", "x" * 200) for n in range(POURED)]
    with thief(place) as client:
        while not over.is_set():
            client.pour(topic, words)
            client.ping()
            poured.set()


def _told_of_boxes(place: Place) -> set[str]:
    """Boxes that a fact of the ledger's own names: not what the box has said itself."""
    rows = asked(place.ledger, "SELECT box, params FROM fact WHERE code <> 'no such fact' AND level <> 'info'")
    return {box for box in ("canteen", "annex") for named, told in rows if named == box or f'"{box}"' in (told or "")}


def test_lies_about_another_boxes_terminal_cost_it_nothing(room: Path) -> None:
    """C15: wrong TACs under the numbers that its next sales will have."""
    rng = Random(15)
    with Guarded(room, RATE) as place:
        place.open("pos-1", "pos-4")
        _until_body_posts(place, "pos-4", 3)
        record = newest(place, "pos-4")
        with thief(place) as client:
            first = seq_of(record) + 1
            for payload in batches([forged(record, seq, rng) for seq in range(first, first + LIES)], rng):
                client.publish(place.lane("up/money"), payload)
        _until_body_posts(place, "pos-4", LIES)
        place.until("the lies are judged", lambda: asked(place.ledger, OF_ONE_DEVICE, record[:6])[0][0] >= LIES)
        _until_body_posts(place, "pos-4", LIES)
        place.close_shop()
        require_books(place, quarantined=asked(place.ledger, "SELECT count(*) FROM quarantine WHERE state = 0")[0][0])


def test_an_epoch_that_a_box_makes_up_locks_no_terminal_out(room: Path) -> None:
    """C15: 65535 named for a terminal of another box and for one of its own; both get new flashes later."""
    with Guarded(room, RATE) as place:
        place.open("pos-1", "pos-4")
        place.until_posted(6)
        with thief(place) as client:
            for body in ("pos-1", "pos-4"):
                record = newest(place, body)
                request = (EPOCH_REQUEST, 1, record[:6], b"made up!", record[8:14], 0xFFFF)
                client.publish(place.lane("up/now"), message(*request))
            client.ping()
        place.until_posted(6)
        for body in ("pos-1", "pos-4"):
            place.send(body, 10)  # SIGUSR1: no more customers
            place.until(f"{body} drained", lambda body=body: place.status(body).get("drained"))
            place.kill(body)
            (place.data / "terminals" / body / "flash.bin").unlink()
            place.start(body)
        for body in ("pos-1", "pos-4"):
            _until_body_posts(place, body, 3)
        highest = asked(place.ledger, "SELECT max(epoch) FROM epoch")[0][0]
        assert highest < 0xFFFF - 16, "there is room for the next one"


def test_a_thousand_records_under_one_number_stall_nobody_and_are_bounded(room: Path) -> None:
    """C16, from the terminal's own box: what proves nothing is counted above a cap, acknowledged, and told."""
    rng = Random(16)
    with Guarded(room, RATE) as place:
        place.open("pos-1", "pos-2", "pos-4")
        _until_body_posts(place, "pos-1", 3)
        record = newest(place, "pos-1")
        with thief(place) as client:
            lies = [forged(record, seq_of(record), rng) for _ in range(UNDER_ONE_SEQ)]
            for payload in batches(lies, rng):
                client.publish(place.lane("up/money"), payload)
        _until_body_posts(place, "pos-4", 10)
        _until_body_posts(place, "pos-2", 10)
        place.close_shop()
        kept = asked(place.ledger, OF_ONE_DEVICE, record[:6])[0][0]
        assert 0 < kept < UNDER_ONE_SEQ, f"{kept} of {UNDER_ONE_SEQ} are kept whole"
        require_books(place, quarantined=asked(place.ledger, "SELECT count(*) FROM quarantine WHERE state = 0")[0][0])
