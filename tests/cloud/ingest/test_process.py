"""The real ingest process between a real broker, the real key process and a ledger file, with a small box before it."""

import json
import random
import shutil
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from compose.parts.part import Part
from compose.parts.standing import NotStanding, Standing
from shared.ids import StorageId
from shared.online import LoadResult, parse_answer
from shared.wire import codec
from shared.wire.messages import (
    AckBody,
    Batch,
    BoxState,
    EpochAnswer,
    EpochRequest,
    Fact,
    OnlineAnswer,
    OnlineRequest,
    RecordCopy,
    SignedRevocations,
    decode_revocations,
    encode_batch,
    encode_now,
    encode_state,
    revocations_mark,
)
from shared.wire.topics import STATE, UP_MONEY, UP_NOW
from tests.cloud.campus import Body, Campus, Purse, key_process, part, run_part
from tests.cloud.field import FieldBox, until
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process


@dataclass
class Site:
    """A campus with its broker, its key process and its ingest."""

    campus: Campus
    keys: Path
    port: int
    ingest: Standing

    def box(self, batch: int = 64, at: int = 0) -> FieldBox:
        return FieldBox(self.campus, self.body(at).box, self.port, batch)

    def body(self, at: int = 0) -> Body:
        """0 to 12: POS of the canteen; -1, -2, -3: validators of the bus."""
        return self.campus.bodies()[at] if at >= 0 else self.campus.bodies("validator")[at]

    def asked(self, sql: str) -> list[tuple]:
        with closing(sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True)) as db:
            return db.execute(sql).fetchall()

    @property
    def ledger(self) -> Path:
        return self.campus.data / "cloud" / "ledger.db"

    def posted(self) -> int:
        return self.asked("SELECT count(*) FROM entry WHERE record IS NOT NULL")[0][0]

    def status(self) -> dict:
        """The newest STATUS line."""
        lines = [line for line in self.ingest.log.read_text().splitlines() if line.startswith("STATUS ")]
        return json.loads(lines[-1].removeprefix("STATUS ")) if lines else {}

    def verify(self) -> None:
        run_part("cloud", "verify", "--data", self.campus.data, "--keys", self.keys)


def ingest_part(campus: Campus, keys: Path, port: int, *more: str) -> Part:
    return part(
        "ingest", "cloud", "ingest", "--data", campus.data, "--keys", keys, "--broker", f"127.0.0.1:{port}", *more
    )


@pytest.fixture
def site(campus: Campus, keys_socket: Path, broker, tmp_path: Path) -> Iterator[Site]:
    """On either broker."""
    yield from _site(campus, keys_socket, broker.port, tmp_path)


@pytest.fixture
def quick_site(campus: Campus, keys_socket: Path, embedded, tmp_path: Path) -> Iterator[Site]:
    """On the embedded broker alone."""
    yield from _site(campus, keys_socket, embedded.port, tmp_path)


def _site(campus: Campus, keys: Path, port: int, folder: Path) -> Iterator[Site]:
    with Standing(ingest_part(campus, keys, port), folder) as ingest:
        yield Site(campus, keys, port, ingest)


def join(box: FieldBox, body: Body, storage: bytes = b"T" * 8) -> int:
    """The terminal's epoch, asked of the ledger."""
    box.say(EpochRequest(1, body.device, StorageId(storage), body.psam, 0))
    answer = box.answer()
    assert isinstance(answer, EpochAnswer), answer
    assert answer.epoch, answer.reason
    return answer.epoch


def lunch(purses: list[Purse], body: Body, epoch: int, count: int, first: int = 1) -> list[bytes]:
    """Taps at one terminal."""
    return [purses[seq % len(purses)].buy(body, epoch, seq, 10) for seq in range(first, first + count)]


def test_every_tap_is_posted_and_named(site: Site) -> None:
    """Each in a message of its own: far more than a box may have waiting, so what is refused is sent again."""
    with site.box(batch=1) as box:
        epoch = join(box, site.body())
        box.put(*lunch(site.campus.purses(), site.body(), epoch, 450))
        until(box.all_settled, "settled", 60.0)
    assert site.posted() == 450
    assert box.acks[-1].row_cumulative == 450
    site.verify()


def test_an_ingest_killed_at_random_moments_posts_each_tap_once(quick_site: Site) -> None:
    """Acks name committed records only: whatever the box ever settled is in the books at that moment."""
    chance = random.Random(7)
    with quick_site.box(16) as box:
        epoch = join(box, quick_site.body())
        taps = lunch(quick_site.campus.purses(), quick_site.body(), epoch, 600)
        for at in range(0, 600, 100):
            box.put(*taps[at : at + 100])
            time.sleep(chance.uniform(0.0, 0.06))
            quick_site.ingest.kill()
            settled = set(box.settled)
            held = {int.from_bytes(key[8:], "big") for (key,) in quick_site.asked("SELECT key FROM record")}
            assert settled <= held
            quick_site.ingest.start()
        until(box.all_settled, "settled")
    assert quick_site.posted() == 600
    assert quick_site.asked("SELECT count(*) FROM record") == [(600,)]
    quick_site.verify()


def test_a_broker_killed_with_all_its_data_costs_nothing(campus: Campus, keys_socket: Path, broker, tmp_path) -> None:
    for site in _site(campus, keys_socket, broker.port, tmp_path):
        with site.box(16) as box:
            epoch = join(box, site.body())
            taps = lunch(campus.purses(), site.body(), epoch, 300)
            for at in range(0, 300, 100):
                box.put(*taps[at : at + 100])
                broker.kill()
                broker.start()
            until(box.all_settled, "settled")
        assert site.posted() == 300


def test_a_ledger_put_back_from_an_older_copy_is_filled_again(quick_site: Site, tmp_path: Path) -> None:
    with quick_site.box() as box:
        epoch = join(box, quick_site.body())
        taps = lunch(quick_site.campus.purses(), quick_site.body(), epoch, 200)
        box.put(*taps[:120])
        until(box.all_settled, "settled")
        quick_site.ingest.stop()
        older = tmp_path / "older.db"
        shutil.copy(quick_site.ledger, older)
        quick_site.ingest.start()
        box.put(*taps[120:])
        until(box.all_settled, "settled")
        number = max(ack.number for ack in box.acks)
        quick_site.ingest.stop()
        for leftover in quick_site.ledger.parent.glob("ledger.db*"):
            leftover.unlink()
        shutil.copy(older, quick_site.ledger)
        quick_site.ingest.start()
        assert quick_site.posted() == 120
        box.hello()
        until(lambda: box.recovers, "recover")
        until(box.all_settled, "settled again")
    assert box.recovers[0].row_cumulative == 120
    assert quick_site.posted() == 200
    assert box.acks[-1].number > number
    assert quick_site.asked("SELECT count(*) FROM fact WHERE code = 'ledger-recovery' AND level = 'urgent'") == [(1,)]
    where = ("--data", quick_site.campus.data)
    run_part("cloud", "verify", *where, code=1)  # a box of form 1 does not say what was in the books alone
    run_part("cloud", "put-back", *where, "propose", "--who", "A", "--reason", "by paper")
    run_part("cloud", "put-back", *where, "confirm", "--proposal", 1, "--who", "B")
    quick_site.verify()


def damaged() -> list[tuple[str, bytes]]:
    """(lane, payload): none is a message of ours."""
    good = encode_batch(Batch(b"S" * 8, 1, (b"x" * 30,)))  # type: ignore[arg-type]
    return [
        (UP_MONEY, b"\0"),
        (UP_MONEY, b"\x07" + good[1:]),
        (UP_MONEY, good[:-3]),
        (UP_MONEY, good + b"tail"),
        (UP_MONEY, b"\x01" + bytes(codec.MESSAGE_MAX)),
        (UP_MONEY, b"not a message at all"),
        (UP_NOW, b"\xff" * 40),
        (UP_NOW, good),
        (STATE, b"\x01\x80"),
    ]


def test_what_is_no_message_is_kept_and_stops_nobody(site: Site) -> None:
    with site.box() as box:
        epoch = join(box, site.body())
        for lane, payload in damaged():
            box.publish(lane, payload)
        box.put(*lunch(site.campus.purses(), site.body(), epoch, 50))
        until(box.all_settled, "settled")
        until(lambda: site.asked("SELECT count(*) FROM junk") == [(len(damaged()),)], "junk kept")
    kept = {raw for (raw,) in site.asked("SELECT raw FROM junk")}
    assert kept == {payload[: codec.MESSAGE_MAX] for _, payload in damaged()}


def test_records_that_are_none_are_quarantined_and_acknowledged(quick_site: Site) -> None:
    purses, body = quick_site.campus.purses(), quick_site.body()
    with quick_site.box() as box:
        epoch = join(box, body)
        wrong_tac = purses[0].buy(body, epoch, 1, tac=b"\1\2\3\4")
        unknown_kind = purses[0].buy(body, epoch, 2)[:15] + b"\x2a" + purses[0].buy(body, epoch, 3)[16:]
        truncated = purses[1].buy(body, epoch, 4)[:40]
        box.put(wrong_tac, unknown_kind, truncated, purses[2].buy(body, epoch, 5))
        until(lambda: box.acks and box.acks[-1].row_cumulative == 4, "all four rows named")
    assert quick_site.posted() == 1
    assert quick_site.asked("SELECT count(*) FROM quarantine") == [(3,)]


def test_nothing_is_acknowledged_while_the_key_process_is_away(
    campus: Campus, provisioned: Campus, embedded, tmp_path: Path
) -> None:
    with (
        key_process(provisioned, tmp_path) as (keys, socket),
        Standing(ingest_part(campus, socket, embedded.port), tmp_path) as ingest,
    ):
        site = Site(campus, socket, embedded.port, ingest)
        with site.box() as box:
            epoch = join(box, site.body())
            keys.kill()
            before = len(box.acks)
            box.put(*lunch(campus.purses(), site.body(), epoch, 20))
            until(lambda: site.status().get("key_faults", 0) >= 2, "key faults counted")
            assert join(box, site.body(1)), "now does not wait for money that cannot be judged"
            assert site.posted() == 0
            assert not any(ack.row_cumulative for ack in box.acks[before:])
            keys.start()
            until(box.all_settled, "settled")
        assert site.posted() == 20


def test_nothing_is_acknowledged_while_the_ledger_is_held_by_another_writer(quick_site: Site) -> None:
    with quick_site.box() as box:
        epoch = join(box, quick_site.body())
        before = len(box.acks)
        with closing(sqlite3.connect(quick_site.ledger, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            box.put(*lunch(quick_site.campus.purses(), quick_site.body(), epoch, 20))
            time.sleep(0.3)
            assert not any(ack.row_cumulative for ack in box.acks[before:]), "an ack of before may still come"
            other.execute("ROLLBACK")
        until(box.all_settled, "settled")


def test_another_boxs_terminal_gets_no_epoch_and_a_new_storage_gets_the_next(quick_site: Site) -> None:
    with quick_site.box() as canteen, quick_site.box(at=-1) as bus:
        body = quick_site.body()
        bus.say(EpochRequest(7, body.device, StorageId(b"T" * 8), body.psam, 0))
        refused = bus.answer()
        assert isinstance(refused, EpochAnswer)
        assert (refused.request, refused.epoch) == (7, 0)
        assert refused.reason
        assert [join(canteen, body), join(canteen, body), join(canteen, body, b"U" * 8)] == [1, 1, 2]


def test_a_copy_runs_ahead_and_its_row_is_a_duplicate(quick_site: Site) -> None:
    with quick_site.box() as box:
        epoch = join(box, quick_site.body())
        (tap,) = lunch(quick_site.campus.purses(), quick_site.body(), epoch, 1)
        box.say(RecordCopy(tap))
        until(lambda: quick_site.posted() == 1, "posted ahead")
        assert not box.settled
        box.put(tap)
        until(box.all_settled, "settled")
    assert quick_site.posted() == 1


def load(box: FieldBox, purse: Purse, body: Body, epoch: int, number: int, amount_fen: int) -> bytes:
    """Ask for it over the broker, credit the card: the record."""
    asked = purse.ask_load(body, amount_fen)
    box.say(OnlineRequest(body.device, epoch, body.psam, number, asked.to_bytes()))
    answer = box.answer()
    assert isinstance(answer, OnlineAnswer)
    assert (answer.device, answer.epoch, answer.request) == (body.device, epoch, number)
    granted = parse_answer(answer.payload)
    assert granted.result is LoadResult.GRANTED
    assert purse.accepts(body, asked, granted)
    return purse.credit(body, epoch, number, number, asked, granted)


def test_a_load_goes_up_comes_down_and_is_confirmed_by_its_copy(site: Site) -> None:
    run_part("cloud", "deposit", "--data", site.campus.data, "--all", "--fen", 10_000)
    body, purse = site.campus.bodies("load")[0], site.campus.purses()[0]
    with site.box() as box:
        epoch = join(box, body)
        for number in (1, 2):
            record = load(box, purse, body, epoch, number, 2_500)
            box.say(RecordCopy(record))
            box.put(record)
        until(box.all_settled, "settled")
    assert site.asked("SELECT state, count(*) FROM load_case GROUP BY state") == [(2, 2)]
    site.verify()


def test_a_load_that_waited_in_the_broker_for_longer_than_its_terminal_is_refused(site: Site) -> None:
    run_part("cloud", "deposit", "--data", site.campus.data, "--all", "--fen", 10_000)
    body, purse = site.campus.bodies("load")[0], site.campus.purses()[0]
    with site.box() as box:
        until(lambda: box.times, "the ledger's time")
        epoch = join(box, body)
        site.ingest.kill()
        until_ms = int(time.time() * 1000) + 300
        asked = purse.ask_load(body, 2_500)
        box.say(OnlineRequest(body.device, epoch, body.psam, 1, asked.to_bytes(), until_ms))
        until(lambda: time.time() * 1000 > until_ms, "the terminal has given up")
        told = len(box.times)
        site.ingest.start()
        answers = iter(box.answer, None)  # what the killed ingest had not PUBACKed is answered again
        answer = next(one for one in answers if isinstance(one, OnlineAnswer))
        assert parse_answer(answer.payload).result is LoadResult.NOT_NOW
        until(lambda: len(box.times) > told, "the ledger's time again, for ours may be wrong")
        assert abs(box.times[-1] / 1000 - time.time()) < 60
        assert site.asked("SELECT state, result FROM load_case") == [(0, int(LoadResult.NOT_NOW))]
        box.put(load(box, purse, body, epoch, 2, 2_500))
        until(box.all_settled, "settled")
    site.verify()


def test_state_and_facts_are_stored_and_only_the_newest_state_counts(quick_site: Site) -> None:
    with quick_site.box() as box:
        for at_ms in (1, 2, 3):
            state = BoxState(box.box, box.store, at_ms, True, at_ms, 9, 0, 0, 0)
            box.publish(STATE, encode_state(state))
        box.publish(UP_NOW, encode_now(Fact("bus-off", "important", 5, b"", "总线断开 bus off")))
        until(lambda: quick_site.asked("SELECT count(*) FROM fact WHERE code = 'bus-off'") == [(1,)], "fact")
        until(lambda: quick_site.asked("SELECT state FROM box_state") == [(encode_state(state),)], "newest state")


def test_acks_are_signed_and_a_forged_one_is_told(quick_site: Site) -> None:
    with quick_site.box() as box:
        epoch = join(box, quick_site.body())
        box.put(*lunch(quick_site.campus.purses(), quick_site.body(), epoch, 3))
        until(box.all_settled, "settled")
        assert box.highest is not None
        box.highest = box.highest._replace(signature=bytes(64))
        box.hello()
        until(lambda: quick_site.asked("SELECT count(*) FROM fact WHERE code = 'ack-forged'") == [(1,)], "told")
    assert isinstance(box.acks[-1], AckBody)
    assert not box.recovers


def test_status_tells_the_books(quick_site: Site) -> None:
    with quick_site.box() as box:
        epoch = join(box, quick_site.body())
        box.put(*lunch(quick_site.campus.purses(), quick_site.body(), epoch, 30))
        until(box.all_settled, "settled")
    until(lambda: quick_site.status().get("posted") == 30, "status")
    said = quick_site.status()
    assert (said["received"], said["records"], said["quarantined"], said["duplicates"]) == (30, 30, 0, 0)
    assert said["connected"]
    assert said["cpu_s"] > 0


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_order_when_told_to(quick_site: Site, by: signal.Signals) -> None:
    quick_site.ingest.part = replace(quick_site.ingest.part, stop_signal=by)
    assert not quick_site.ingest.stop(), "it had to be killed"
    assert "Traceback" not in quick_site.ingest.log.read_text()


def test_it_ends_when_standard_input_closes(quick_site: Site) -> None:
    process = quick_site.ingest._process
    assert process is not None
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(PATIENCE_S) == 0


def test_a_second_ingest_on_the_same_folder_is_refused(quick_site: Site, tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    with pytest.raises(NotStanding, match="已有入账进程"):
        Standing(quick_site.ingest.part, tmp_path / "second").__enter__()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mqtt": {"share": "g"}}, "$share"),
        ({"mqtt": {"version": 4}}, "3.1.1"),
        ({"mqqt": {}}, "mqqt"),
        ({"ack_key_file": "nothing"}, "nothing"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_name(campus: Campus, keys_socket: Path, change: dict, said: str) -> None:
    file = campus.data / "cloud" / "cloud.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    words = ("ingest", "--data", campus.data, "--keys", keys_socket, "--broker", "127.0.0.1:1")
    assert said in run_part("cloud", *words, code=2)


def test_now_does_not_wait_for_a_flood_of_money(quick_site: Site) -> None:
    """While a flood of money is being posted, an epoch request is answered between two batches."""
    body = quick_site.body()
    with quick_site.box(500) as box, quick_site.box(at=-1) as bus:
        epoch = join(box, body)
        purses = quick_site.campus.purses()
        for purse in purses:
            purse.balance_fen = 10**8
        flood = lunch(purses, body, epoch, 12_000)
        pour = threading.Thread(target=box.put, args=flood)
        pour.start()
        until(lambda: box.acks and box.acks[-1].row_cumulative, "posting has begun")
        join(bus, quick_site.body(-1))
        settled = len(box.settled)
        pour.join()
        assert settled < len(box.rows), "it has waited for the flood"


def test_a_theft_reaches_the_box_over_the_broker_and_its_later_records_are_held(quick_site: Site) -> None:
    body, purse = quick_site.body(), quick_site.campus.purses()[0]
    with quick_site.box() as box:
        epoch = join(box, body)
        box.put(purse.buy(body, epoch, 1))
        until(box.all_settled, "the first record")
        words = "--psam", body.psam.hex(), "--since", "2026-01-01T00:00", "--who", "王五", "--reason", "窗口被撬"
        run_part("cloud", "psam-stolen", "--data", quick_site.campus.data, *words)
        state = BoxState(box.box, box.store, 1, True, 0, 9, 0, 0, 0)
        box.publish(STATE, encode_state(state))
        answer = box.answer()
        assert isinstance(answer, SignedRevocations)
        held = decode_revocations(answer.body)
        assert (held.version, held.psams) == (1, (body.psam,))
        box.put(purse.buy(body, epoch, 2))
        until(box.all_settled, "the record of the thief")
        box.publish(STATE, encode_state(state._replace(revocations=revocations_mark(held))))
    assert quick_site.asked("SELECT verdict, reason FROM record ORDER BY id") == [(1, 0), (2, 6)]
    quick_site.verify()
