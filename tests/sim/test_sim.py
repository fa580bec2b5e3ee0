"""The simulator repeats itself exactly and sees planted defects; that its seeds hold is test_seeds.py's."""

import ast
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.ledger.records.values import Now
from shared.ids import BoxId, CardId, device_id
from shared.records import (
    CounterKind,
    Flags,
    Kind,
    LoadRecord,
    Proof,
    PurchaseRecord,
    application_of,
    decode,
    encode,
)
from shared.wire.messages import DeviceStatus
from tests.sim.blueprint import CAMPUS_S, blueprint
from tests.sim.campus import Failure, run_seed
from tests.sim.defects import DEFECT_SEEDS, DEFECTS
from tests.sim.disk import deed_of
from tests.sim.ingest_part import SimDatabase, copy_of
from tests.sim.ledgers import fresh_ledger
from tests.sim.test_seeds import SEEDS_MAX_S

NOBODY = device_id(bytes(6))
ROOT = Path(__file__).parents[2]
DEAR = "acks-failed-commits", "welcomes-the-thief", "lists-in-a-tap"
"""Defects that take a dozen seeds, or long ones, and whose laws other defects break, too."""
def ykt_sim(*arguments, hash_seed="random"):
    return subprocess.run(
        [sys.executable, "-m", "tests.sim", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=SEEDS_MAX_S,
        env={**os.environ, "PYTHONHASHSEED": hash_seed}, check=False,
    )  # fmt: skip


@pytest.mark.process
def test_same_seed_same_events_in_another_process():
    first, again = (ykt_sim("--seeds", "4:6", "--taps", "60", "--fingerprints", hash_seed=text) for text in "12")
    assert first.returncode == again.returncode == 0
    prints = [line for line in first.stdout.splitlines() if "fingerprint" in line]
    assert len(prints) == 2
    assert prints == [line for line in again.stdout.splitlines() if "fingerprint" in line]


def test_same_seed_same_events_and_another_seed_others():
    prints = [run_seed(seed, taps=60, replay=False).fingerprint for seed in (3, 3, 4)]
    assert prints[0] == prints[1] != prints[2]


def test_a_link_is_told_that_was_booked_over_before_any_box_was_heard():
    """The older ledger that is put back has heard no box, and a command books before the ingest runs."""
    run_seed(47, taps=90, replay=False)


@pytest.mark.parametrize("name", DEFECTS)
@pytest.mark.spared(*DEAR)
def test_planted_defect_is_caught(name):
    defect = DEFECTS[name]
    failure = first_failure(defect.parts, defect.taps, defect.first)
    assert failure is not None, f"{DEFECT_SEEDS} seeds saw nothing"
    assert failure.law in defect.laws, failure.text


def test_the_judge_hears_of_every_commit_that_adds_to_the_books():
    """Of a deposit, which has postings and no record, as of any other; not of one that notes a status."""
    points = []
    with closing(copy_of(fresh_ledger())) as database:
        ledger, card = Ledger(OpenedLedger(SimDatabase(database, points.append))), blueprint().cards[0].card
        ledger.deposit(card, 100, "judge-1", Now(0, CAMPUS_S))
        assert points == ["ledger.before_commit", "committed", "ledger.after_commit"]
        ledger.store_status(BoxId("canteen-1"), DeviceStatus(NOBODY, (), 1, 1, 9, True, 1, 1), 0)
        assert points[3:] == ["ledger.before_commit", "ledger.after_commit"]


def test_every_law_has_its_planted_defect():
    named = set()
    for file in Path(__file__).parent.glob("*.py"):
        if file.name.startswith(("watch_", "small")):
            continue  # a small world of its own: test_watch.py; what small worlds have alike
        calls = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
        raised = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Violation"]
        named |= {ast.literal_eval(call.args[0]) for call in raised}
    small = "payments", "split", "meals", "codes", "deposits"  # small worlds, each with a test file beside this one
    named = {law for law in named if not law.startswith(small)}
    assert len(named) > 10
    assert named == frozenset().union(*(defect.laws for defect in DEFECTS.values()))


def first_failure(parts, taps, first):
    for seed in range(first, first + DEFECT_SEEDS):
        try:
            run_seed(seed, taps=taps, parts=parts)
        except Failure as failure:
            return failure
    return None


@pytest.mark.process
def test_failing_seed_is_its_own_bug_report():
    done = ykt_sim("--seeds", "0:50", "--taps", "90", "--plant", "ack-before-commit", "--trace", "--jobs", "1")
    assert done.returncode == 0
    assert "I4" in done.stdout
    assert "commit " in done.stdout
    assert "./ykt sim --seeds" in done.stdout
    assert "deed " in done.stdout, "the last events are printed"


@pytest.mark.process
@pytest.mark.parametrize("wrong", [("--seeds", "5:5"), ("--seeds", "x"), ("--plant", "nothing")])
def test_wrong_use(wrong):
    assert ykt_sim(*wrong).returncode == 2


@pytest.mark.process
def test_defect_that_is_not_caught_is_a_failure():
    assert ykt_sim("--seeds", "3:4", "--taps", "6", "--plant", "never-sends-again", "--jobs", "1").returncode == 1


PURCHASE = PurchaseRecord(
    1, Kind.RECOVERED, Flags(Proof.PROVE, CounterKind.OFFLINE).to_int(), 9, 7, CardId(b"0123456789"), 0x0102, 9,
    0x21, 1250, 5000, 817_339_530, 1, 0, b"tac!", b"\0\0\1", 0, 1, 1, 0, 3,
)  # fmt: skip
LOAD = LoadRecord(
    1, Kind.LOAD_UNPROVEN, Flags(Proof.NONE, CounterKind.ONLINE).to_int(), 9, 7, CardId(b"9876543210"), 0x0304, 2,
    0x21, 1250, 5000, 817_339_530, 1, 0, bytes(4), 0, 1, 1, 3,
)  # fmt: skip


SUBSIDY = PURCHASE._replace(purse=0x61)


@pytest.mark.parametrize("record", [PURCHASE, LOAD, SUBSIDY])
def test_deed_is_read_off_the_bytes_as_the_codec_reads_them(record):
    read = decode(encode(record))
    deed = (read.card, CounterKind(read.flags >> 2 & 1), read.counter, application_of(read.purse))
    assert deed_of(encode(record)) == deed


def test_whose_law_another_one_breaks_is_spared_and_nobody_else():
    always = {name: defect for name, defect in DEFECTS.items() if name not in DEAR}
    assert len(always) == len(DEFECTS) - len(DEAR)
    assert {law for one in DEFECTS.values() for law in one.laws} == {law for one in always.values() for law in one.laws}
