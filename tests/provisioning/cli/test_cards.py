"""Cards from order to activation by the real command on a real campus: three machines, breaks, spoiled bodies, sums."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from provisioning.custody import chain as custody_chain
from provisioning.custody.files import open_level
from provisioning.custody.journal import alone_in
from provisioning.issue import bodies as body_file
from provisioning.issue.activation import NotActivated, look
from provisioning.issue.campus_facts import read_campus
from provisioning.issue.files import LeaseFolder
from provisioning.keys.store import Level
from provisioning.plan import numbers
from shared.ids import issuer
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import blank_card_image
from shared.purse.profiles import CAMPUS, SUBSIDY
from tests.provisioning.desk import WHO, ok, provision

ROOT = Path(__file__).parents[3]
SUBSIDY_DAY = "20991231"


def order(folder, cards, batch="autumn"):
    rows = [{"label": f"n{n:04d}", "name": f"学生{n}", "class": f"{n % 3 + 1}班"} for n in range(1, cards + 1)]
    rows[4]["subsidy"] = True
    path = folder / f"{batch}.json"
    path.write_text(json.dumps({"batch": batch, "cards": rows}))
    return path


@pytest.fixture
def started(own, tmp_path):
    data = ("--data", own)
    ok("stock", "receive", *data, *WHO, "--first", 9001, "--count", 40, "--virtual")
    ok("batch", "start", *data, *WHO, "--order", order(tmp_path, 12), "--subsidy-expires", SUBSIDY_DAY)
    return own


def lease(data, machine, lines=5):
    return ok("batch", "lease", "--data", data, *WHO, "--batch", "autumn", "--machine", machine, "--lines", lines)


def work(data, machine, *words):
    return provision("batch", "work", "--data", data, "--machine", machine, *words)


def finish(data, machine):
    assert work(data, machine).returncode == 0
    return ok("batch", "return", "--data", data, *WHO, "--machine", machine)


def test_two_machines_bring_cards_back_at_once_and_none_is_forgotten(started):
    """Another writer adds a card while this one waits: it reads the index after that, never before."""
    lease(started, "m1")
    assert work(started, "m1").returncode == 0
    deck = started / "cards"
    index = deck / "index.json"
    words = ("batch", "return", "--data", str(started), *WHO, "--machine", "m1")
    with alone_in(deck):
        child = subprocess.Popen([sys.executable, "-P", "-m", "provisioning", *words], cwd=ROOT)
        while not _has_open(child.pid, deck):
            assert child.poll() is None, "it waits for the folder"
        before = json.loads(index.read_bytes())
        assert "n0003" not in before, "it has read and written nothing yet"
        rows = before | {"of-another": {"file": "x", "card": ""}}
        index.write_text(json.dumps(rows))
    assert child.wait(60) == 0
    assert json.loads(index.read_bytes()).keys() == rows.keys() | {f"n{n:04d}" for n in (3, 6, 9, 12, 1)}


def _has_open(pid, folder):
    try:
        return any(fd.readlink() == folder for fd in Path(f"/proc/{pid}/fd").iterdir())
    except FileNotFoundError:
        return False


def test_three_machines_make_an_order_and_the_cards_go_out(started):
    data = ("--data", started)
    for machine in ("m1", "m2", "m3"):
        lease(started, machine)
    for machine in ("m2", "m1", "m3"):
        assert "好卡" in finish(started, machine)
    told = ok("batch", "sheet", *data)
    assert "已发 12 + 报废 0 + 在库 28 + 在机 0 = 入库 40：相符" in told
    assert [int(n) for n in re.findall("：好卡 ([0-9]+)", told)] == [5, 5, 2]
    assert "12 张新卡" in ok("batch", "inventory", *data, *WHO)
    facts = read_campus(started)
    assert facts.inventory.number == 2
    new = facts.inventory.cards[40:]
    assert [row.label for row in new] == [f"n{n:04d}" for n in (3, 6, 9, 12, 1, 4, 7, 10, 2, 5, 8, 11)]
    assert [row.hotlist_index for row in new] == [41, 42, 43, 44, 45, 49, 50, 51, 52, 53, 57, 58]
    assert "0 张新卡" in ok("batch", "inventory", *data, *WHO)
    seen = at_desk(started, "n0005")
    assert (seen.is_enabled, seen.card) == (False, {row.label: row.card for row in new}["n0005"])
    ok("card", "activate", *data, *WHO, "--label", "n0005")
    assert at_desk(started, "n0005").is_enabled
    subsidy = at_desk(started, "n0005", SUBSIDY)
    assert (subsidy.is_enabled, subsidy.public.expiry.hex()) == (True, SUBSIDY_DAY)
    with pytest.raises(NotActivated):
        at_desk(started, "n0006", SUBSIDY)
    assert provision("card", "activate", *data, *WHO, "--label", "nobody").returncode == 2
    log = (started / "keys/custody.log").read_bytes()
    assert custody_chain.faults(log) == []
    assert log.count(b'"act":"batch"') == 1 + 3 + 3 + 2 + 1


def at_desk(data, label, profile=CAMPUS):
    index = json.loads((data / "cards/index.json").read_text())
    with body_file.in_reader(data / "cards" / index[label]["file"]) as memory:
        card = UserCard(memory, os.urandom)
        card.power_on()
        return look(card, profile)


def test_a_spoiled_body_gets_a_new_blank_and_no_line_moves(started):
    lease(started, "m1", 4)
    foreign = started / "production/blanks/0000009002.card"
    foreign.unlink()
    body_file.new_body(foreign.parent, 9002, blank_card_image())
    assert "报废" in work(started, "m1").stdout
    run = LeaseFolder(started / "production/leases/0001").run()
    assert [(one.line, one.blank) for one in run.done] == [(1, 9001), (2, 9003), (3, 9004), (4, 9005)]
    assert [(one.line, one.blank) for one in run.spoiled] == [(2, 9002)]
    ok("batch", "return", "--data", started, *WHO, "--machine", "m1")
    assert (started / "production/blanks/spoiled/0000009002.card").exists()
    assert "报废：空白卡 9002，第 2 行" in ok("batch", "sheet", "--data", started)
    assert "报废 1 + 在库 35" in ok("stock", "sheet", "--data", started)


KILL_AT = """
import os, sys
from provisioning.cli.cli import main
from provisioning.issue import work
at = [int(sys.argv[1])]
real = work.Machine._record
def record(self, attempt):
    {before}
    done = real(self, attempt)
    {after}
    return done
def count():
    at[0] -= 1
    if at[0] == 0:
        os.kill(os.getpid(), 9)
work.Machine._record = record
sys.exit(main(sys.argv[2:]))
"""


def test_a_dead_blank_is_named_counted_and_passed_over(started):
    lease(started, "m1", 4)
    blanks = started / "production/blanks"
    (blanks / "0000009002.card").write_bytes(b"")
    (blanks / "0000009004.card").write_bytes(bytes(1024))
    worked = work(started, "m1")
    assert worked.returncode == 0, worked.stderr
    for blank in (9002, 9004):
        assert f"空白卡 {blank}：报废（卡体无应答）" in worked.stdout
    assert "好卡 4，报废 2，待制 0" in worked.stdout
    run = LeaseFolder(started / "production/leases/0001").run()
    assert [(one.line, one.blank) for one in run.done] == [(1, 9001), (2, 9003), (3, 9005), (4, 9006)]
    ok("batch", "return", "--data", started, *WHO, "--machine", "m1")
    told = ok("batch", "sheet", "--data", started)
    assert "报废：空白卡 9002，第 2 行：卡体无应答\n" in told
    assert "报废：空白卡 9004，第 3 行：卡体无应答\n" in told
    assert (blanks / "spoiled/0000009002.card").exists()
    assert "报废 2 + 在库 34" in ok("stock", "sheet", "--data", started)


def test_three_dead_blanks_in_a_row_stop_the_machine_by_their_names(started):
    lease(started, "m1", 4)
    for blank in (9001, 9002, 9003):
        (started / f"production/blanks/000000{blank}.card").write_bytes(b"")
    worked = work(started, "m1")
    assert worked.returncode == 2
    assert "空白卡 9001, 9002, 9003" in worked.stderr + worked.stdout
    ok("batch", "seen", "--data", started, *WHO, "--machine", "m1")
    assert work(started, "m1").returncode == 0


@pytest.mark.process
@pytest.mark.parametrize("step", ["reserved", "written", "checked", "done"])
@pytest.mark.parametrize("side", ["before", "after"])
def test_killed_at_every_step_and_taken_up_again(started, step, side):
    lease(started, "m1", 3)
    at = 4 + ["reserved", "written", "checked", "done"].index(step) + 1
    script = KILL_AT.format(**{"before": "pass", "after": "pass"} | {side: "count()"})
    words = ["batch", "work", "--data", str(started), "--machine", "m1"]
    killed = subprocess.run([sys.executable, "-P", "-c", script, str(at), *words], cwd=ROOT, check=False, timeout=120,
                            capture_output=True, env=os.environ | {"PYTHONPATH": str(ROOT)})  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert work(started, "m1").returncode == 0
    run = LeaseFolder(started / "production/leases/0001").run()
    assert run.is_finished
    assert len({one.number for one in run.attempts}) == len(run.attempts)
    assert len({one.blank for one in run.attempts}) == len(run.attempts)
    ok("batch", "return", "--data", started, *WHO, "--machine", "m1")
    ok("batch", "inventory", "--data", started, *WHO)
    rows = {row.label: row for row in read_campus(started).inventory.cards}
    for label in ("n0003", "n0006", "n0009"):
        assert at_desk(started, label).card == rows[label].card
    assert "相符" in ok("stock", "sheet", "--data", started)


def test_a_machine_that_needs_a_person_says_for_what(started):
    lease(started, "m1", 3)
    assert provision("batch", "return", "--data", started, *WHO, "--machine", "m2").returncode == 2
    assert "先交回手上的一段" in provision(
        "batch", "lease", "--data", started, *WHO, "--batch", "autumn", "--machine", "m1"
    ).stderr  # fmt: skip
    for blank in (9001, 9002, 9003):
        path = body_file.body_path(started / "production/blanks", blank)
        path.unlink()
        body_file.new_body(path.parent, blank, blank_card_image())
    stopped = work(started, "m1")
    assert (stopped.returncode, "检查设备" in stopped.stderr) == (2, True)
    ok("batch", "seen", "--data", started, *WHO, "--machine", "m1")
    finish(started, "m1")
    assert "报废 3" in ok("stock", "sheet", "--data", started)


def test_work_stops_where_it_is_told_and_when_no_body_is_left(started):
    lease(started, "m1", 3)
    assert "好卡 1，报废 0，待制 2" in work(started, "m1", "--most", 1).stdout
    for path in (started / "production/blanks").glob("*.card"):
        path.unlink()
    stopped = work(started, "m1")
    assert (stopped.returncode, "本段空白卡用完：交回，另领一段" in stopped.stderr) == (2, True)
    ok("batch", "return", "--data", started, *WHO, "--machine", "m1")
    assert provision("stock", "count", "--data", started, *WHO, "--left", 0).returncode == 1


def test_a_lost_journal_is_written_off_and_never_begun_again(started):
    lease(started, "m1", 3)
    work(started, "m1", "--most", 1)
    (started / "production/leases/0001/work.journal").unlink()
    assert work(started, "m1").returncode == 2
    ok("batch", "write-off", "--data", started, *WHO, "--machine", "m1")
    assert "报废 6" in ok("stock", "sheet", "--data", started)
    assert "第 1..3 行" in lease(started, "m1", 3)
    run = LeaseFolder(started / "production/leases/0002").run()
    assert run.lease.numbers.first == 47


def test_orders_and_stock_refuse_what_is_there(started, tmp_path):
    data = ("--data", started)
    again = ok("batch", "start", *data, *WHO, "--order", order(tmp_path, 12))
    assert "第 9..12 行" in again
    assert provision("batch", "start", *data, *WHO, "--order", order(tmp_path, 13)).returncode == 2
    other = tmp_path / "o.json"
    other.write_text(json.dumps({"batch": "o", "cards": [{"label": "0001", "name": "x", "class": "y"}]}))
    assert "已有卡" in provision("batch", "start", *data, *WHO, "--order", other).stderr
    assert provision("stock", "receive", *data, *WHO, "--first", 9040, "--count", 1).returncode == 2
    ok("stock", "spoil", *data, *WHO, "--blank", 9040, "--reason", "折断")
    assert provision("stock", "count", *data, *WHO, "--left", 39).returncode == 0
    assert provision("batch", "sheet", *data, "--day", "20250231").returncode == 2


def test_the_transport_key_of_a_delivery_comes_in_two_components(own, tmp_path):
    parts = [os.urandom(16) for _ in range(2)]
    from provisioning.keys.components import Component, sheet
    from provisioning.keys.store import KeyKind

    files = []
    for n, octets in enumerate(parts):
        path = tmp_path / f"{n}.sheet"
        path.write_text(sheet([Component(KeyKind.TRANSPORT, octets)]))
        path.chmod(0o600)
        files += ["--sheet", path]
    ok("stock", "transport", "--data", own, *WHO, *files)
    key = open_level(own, Level.SCHOOL).one(KeyKind.TRANSPORT, 1)
    assert key.octets == bytes(a ^ b for a, b in zip(*parts, strict=True))
    files[1].write_text(sheet([Component(KeyKind.TRANSPORT, os.urandom(16))]))
    assert provision("stock", "transport", "--data", own, *WHO, *files).returncode == 1


def test_numbers_are_the_campus_own(started):
    facts = read_campus(started)
    assert (facts.region, facts.next_card) == (1, 41)
    assert issuer(facts.inventory.cards[0].card) == numbers.issuer(1)
