"""Real readers feed the issuing desk: pcscd, our COS and one written from the clauses; killed, torn, mistaken."""

import json
import os
import shutil

import pytest

from provisioning.custody.files import open_level
from provisioning.issue.feeding import MARKS, mark_of
from provisioning.issue.files import LeaseFolder
from provisioning.issue.production import Step
from provisioning.issue.reader import DeskReader, Laid
from provisioning.keys.levels import psam_control_key
from provisioning.keys.store import KeyKind, Level
from shared.errors import ConfigFault
from shared.ids import PsamId
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import PsamMaster, RamMemory, blank_card_image, decode_psam_image, new_psam_image
from shared.purse.cos.psam import Psam
from shared.purse.crypto import Key
from tests.provisioning.desk import WHO, ok, provision
from tests.provisioning.issue.clause_body import NEAR, ClauseBody, ClausePsam

pytestmark = pytest.mark.process
TRANSPORT_SHEETS = (
    "transport 00112233445566778899AABBCCDDEEFF FB0975\n", "transport 102030405060708090A0B0C0D0E0F001 294561\n",
)  # fmt: skip
WAIT = ("--wait", "8")


@pytest.fixture
def desk(own, tmp_path):
    """A lease of two lines, five bodies received that are no software; (data, transport key)."""
    sheets = []
    for name, text in zip("ab", TRANSPORT_SHEETS, strict=True):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
        sheets += ["--sheet", tmp_path / name]
    ok("stock", "transport", "--data", own, *WHO, *sheets)
    ok("stock", "receive", "--data", own, *WHO, "--first", 501, "--count", 9)
    rows = [{"label": f"n{n}", "name": f"学生{n}", "class": "一班", "subsidy": n == 1} for n in (1, 2)]
    (tmp_path / "o.json").write_text(json.dumps({"batch": "o", "cards": rows}))
    ok("batch", "start", "--data", own, *WHO, "--order", tmp_path / "o.json")
    ok("batch", "lease", "--data", own, *WHO, "--batch", "o", "--machine", "m")
    transport = open_level(own, Level.SCHOOL).one(KeyKind.TRANSPORT, 1).card_key(KeyKind.TRANSPORT)
    return own, transport


def work(hand, data, lays):
    return hand.work(lays, "batch", "work", "--data", data, "--machine", "m", *WAIT)


def attempts(data):
    run = LeaseFolder(data / "production/leases/0001").run()
    return [(one.blank, one.step) for one in run.attempts]


def ours(transport):
    card = UserCard(RamMemory(blank_card_image(transport)), os.urandom)
    card.power_on()
    return card


@pytest.fixture(params=[pytest.param("our COS", marks=pytest.mark.large), "clauses"])
def make(request):
    """Makes a body of one of the two; ours is fed each time in tests/house/test_golive.py."""
    return ours if request.param == "our COS" else lambda transport, **told: ClauseBody(transport.octets, **told)


def test_a_batch_is_made_activated_and_told_one_card_after_the_other(hand, desk, make):
    data, transport = desk
    bodies = {number: make(transport) for number in (501, 502)}
    code, said, told = work(hand, data, bodies.get)
    assert (code, "好卡 2，报废 0，待制 0" in said) == (0, True), (said, told)
    assert [line for line in told if line.startswith("放上")] == ["放上空白卡 501", "放上空白卡 502"]
    ok("batch", "return", "--data", data, *WHO, "--machine", "m")
    ok("batch", "inventory", "--data", data, *WHO)
    waiting = [bodies[502], ClauseBody(bytes(16)), bodies[501], bodies[501]]
    hand.slot.pull()
    code, said, told = hand.work(
        lambda _: waiting.pop(0) if waiting else None, "card", "activate", "--data", data, *WHO, *WAIT
    )
    assert [line for line in said.splitlines() if "已激活" in line] == ["已激活：n2", "已激活：n1", "已激活：n1"]
    assert sum(line.startswith("放到一边") for line in told) == 1


@pytest.mark.large
def test_killed_in_a_body_the_same_one_is_taken_up_and_no_number_is_lost(hand, desk):
    data, transport = desk
    bodies = {number: ClauseBody(transport.octets, uid=number.to_bytes(4, "big")) for number in (501, 502)}
    bodies[501].dies, bodies[501].happens = 3, lambda: hand.child.kill()
    assert work(hand, data, bodies.get)[0] == -9
    assert attempts(data) == [(501, Step.RESERVED)]
    hand.slot.pull()
    code, said, told = work(hand, data, bodies.get)
    assert (code, "好卡 2，报废 0" in said) == (0, True), told
    assert told[0] == "放回未完成的空白卡 501"


def test_killed_amid_the_keys_the_body_is_waste_and_is_known_again(hand, desk):
    """Half of a card: its mark is on the disk, and it takes no second number."""
    data, transport = desk
    bodies = {number: ClauseBody(transport.octets, uid=number.to_bytes(4, "big")) for number in range(501, 505)}
    bodies[501].dies, bodies[501].happens = 20, lambda: hand.child.kill()
    assert work(hand, data, bodies.get)[0] == -9
    hand.slot.pull()
    mistaken = iter([bodies[501], bodies[502], bodies[501], bodies[503]])
    code, said, told = work(hand, data, lambda _: next(mistaken))
    assert (code, "好卡 2，报废 1" in said) == (0, True), told
    assert "这是用过的空白卡 501，放到报废盘，另取一张" in told
    assert attempts(data) == [(501, Step.SPOILED), (502, Step.DONE), (503, Step.DONE)]
    assert json.loads((data / "production/leases/0001" / MARKS).read_text())["501"] == "000001f5"


@pytest.mark.large
def test_another_body_than_the_unfinished_one_is_refused_by_its_number(hand, desk):
    data, transport = desk
    bodies = {number: ClauseBody(transport.octets, uid=number.to_bytes(4, "big")) for number in (501, 502)}
    bodies[501].dies, bodies[501].happens = 3, lambda: hand.child.kill()
    work(hand, data, bodies.get)
    hand.slot.pull()
    code, _, told = work(hand, data, lambda _: bodies[502])
    assert (code, "先放回空白卡 501，或报废它" in told[-1]) == (2, True)


@pytest.mark.large
def test_a_body_that_tells_no_number_is_spoiled_rather_than_written_twice(hand, desk):
    data, transport = desk
    bodies = {number: ClauseBody(transport.octets) for number in range(501, 504)}
    bodies[501].dies, bodies[501].happens = 3, lambda: hand.child.kill()
    work(hand, data, bodies.get)
    hand.slot.pull()
    code, said, told = work(hand, data, bodies.get)
    assert (code, "好卡 2，报废 1" in said) == (0, True), told
    assert any("中断后认不出是否同一张" in line for line in told)


@pytest.mark.large
def test_bad_bodies_are_put_aside_with_the_reason(hand, desk):
    """One with another transport key, and one that dies under the work."""
    data, transport = desk
    bodies = {number: ClauseBody(transport.octets) for number in range(501, 506)}
    bodies[501] = ClauseBody(bytes(range(16)))
    bodies[502].dies = 12
    code, _, told = work(hand, data, bodies.get)
    assert code == 0
    waste = [line for line in told if "报废" in line]
    assert waste == ["空白卡 501 → 报废：不是空白卡，或传输密钥不符", "空白卡 502 → 报废：卡体无应答"]


def test_psams_are_written_through_the_reader(hand, desk, campus):
    data, _ = desk
    school = open_level(data, Level.SCHOOL)
    made = ok("psam", "make", "--data", data, *WHO, "--count", 2, "--out", data / "psams").split()
    shutil.rmtree(data / "psams")
    ids = [PsamId(bytes.fromhex(one)) for one in made]
    stale, control = {1: PsamMaster(Key(bytes(16)))}, psam_control_key(school, ids[0])
    memory = RamMemory(new_psam_image(ids[0], stale, control=control))
    foreign = ClausePsam(b"\x09" * 6, bytes(16))
    torn = ClausePsam(ids[1], psam_control_key(school, ids[1]).octets, dies=6)
    waiting = [Psam(memory, os.urandom), foreign, torn, torn]
    _, said, told = hand.work(
        lambda _: waiting.pop(0) if waiting else None, "psam", "renew", "--data", data, *WHO, *WAIT
    )
    assert said.split()[:2] == made, told
    master = school.one(KeyKind.PURCHASE, 1).octets
    assert torn.masters == {1: master}
    assert {version: one.key.octets for version, one in decode_psam_image(memory.load()).masters.items()} == {1: master}
    assert sum(line.startswith("放到一边") for line in told) == 2


def test_sample_bodies_are_probed_through_the_reader(hand, desk, make, tmp_path):
    _, transport = desk
    samples = [make(transport) for _ in range(2)]
    sheets = ["--sheet", tmp_path / "a", "--sheet", tmp_path / "b"]
    words = ("card", "probe", "--count", 2, "--write", *sheets, "--out", tmp_path / "sheet.json", *WAIT)
    code, said, told = hand.work(lambda number: samples[number - 1], *words)
    assert (code, "共 2 张，合格 2" in said, "可以订货" in said) == (0, True, True), (said, told)
    bodies = json.loads((tmp_path / "sheet.json").read_text())["bodies"]
    assert [one["checks"]["purchase"]["mark"] for one in bodies] == ["good", "good"]


def test_a_reader_that_is_not_there_is_named(pcscd):
    with pytest.raises(ConfigFault, match="没有读卡器 none"):
        DeskReader("none")


def test_what_tells_a_body_from_another():
    class Says:
        def __init__(self, answer):
            self.answer = bytes.fromhex(answer)

        def transmit(self, apdu):
            return self.answer

    near = Laid(NEAR, "T1")
    assert mark_of(Says("0401020304050680" "9000"[-4:]), near) == ""
    assert mark_of(Says("01020304" + "9000"), near) == "01020304"
    assert mark_of(Says("08020304" + "9000"), near) == ""
    assert mark_of(Says("6E00"), near) == ""
    assert mark_of(Says("01020304" + "9000"), Laid(bytes.fromhex("3B690000"), "T0")) == ""


def test_without_a_card_or_a_reader_activate_says_what_is_missing(desk):
    done = provision("card", "activate", "--data", desk[0], *WHO)
    assert (done.returncode, "--label 或 --reader" in done.stderr) == (2, True)
