"""python -m cloud firmware: what a person types to bring a release and roll it out, and reads of what became of it."""

import json
import time
from contextlib import closing
from pathlib import Path

import pytest

from cloud.__main__ import main
from cloud.fleet import rolling
from cloud.ledger.fleet.documents.door import DocumentLedger
from cloud.ledger.fleet.firmware.door import FirmwareLedger
from cloud.ledger.ledger import open_ledger
from cloud.ledger.records.values import Now
from cloud.verbs.rollouts import rolling as options
from provisioning.custody.files import open_level
from provisioning.keys.firmware import new_key, signed_image
from provisioning.keys.store import KeyStore, Level
from provisioning.keys.trust import with_release
from shared.clocks.campus_clock import WALL
from shared.fleet.document import DIGEST_SIZE, DocumentKind, decode_head, model_scope
from shared.fleet.firmware import Image
from shared.keys.firmware_file import SignedImage
from shared.keys.trust import Officers, encode_officers
from shared.wire.fleet_lane import FirmwareProgress, Progress, Reported, Stage, Verdict, Why
from shared.words.voice import Language, speak
from tests.cloud.campus import FLEET, Campus
from tests.cloud.ledger.campus import BOX, POS, POS2

WHO = ("--who", "王芳", "--reason", "新版")
PROGRAM = b"def words(face, zh, en):\n    return zh, en\n"
MODEL = DocumentKind.FIRMWARE, model_scope(1)
TWO = ("--to", "pos-01,pos-02", "--waves", "50%,100%")


def now() -> Now:
    unix_s = time.time()
    return Now(int(unix_s * 1000), WALL.at(unix_s))


class Office:
    """The officers off line, somebody at the command line, and terminals that answer."""

    def __init__(self, data: Path, keys: Path, capsys: pytest.CaptureFixture[str], school: KeyStore) -> None:
        self.data, self._keys, self._capsys = data, keys, capsys
        self._school = school
        self._officers = KeyStore(Level.FIRMWARE, self._school.campus, (new_key(1, b"k" * 32),))

    def __call__(self, *words: object) -> tuple[int, str]:
        try:
            code = main(["firmware", *map(str, words), "--data", str(self.data), "--keys", str(self._keys)])
        except SystemExit as end:
            code = int(str(end.code))
        said = self._capsys.readouterr()
        return code, said.out + said.err

    def json(self, *words: object) -> dict:
        return json.loads(self(*words, "--json")[1])

    def file(self, number: int, program: bytes = PROGRAM) -> Path:
        file = self.data.parent / f"{number}.fw"
        file.write_bytes(self.signed(number, program).encode())
        return file

    def signed(self, number: int, program: bytes = PROGRAM) -> SignedImage:
        image = Image(1, number, f"lines-{number}", program)
        return signed_image(image, 0, self._school, self._officers, 1)

    def stands_for(self, former: Officers | None, number: int) -> Officers:
        return with_release(former, Image(1, number, f"lines-{number}", PROGRAM), 0, self._school, self._officers)

    def in_ledger(self, act):
        with closing(open_ledger(str(self.data / "cloud" / "ledger.db"))) as ledger:
            return act(ledger.opened)

    def says(self, device, verdict: Verdict, number: int, used: int = 0) -> None:
        digest = decode_head(self.signed(used).signed.raw).digest if used else bytes(DIGEST_SIZE)
        said = Reported(device, *MODEL, used, digest, 0, 0, 0, number, verdict)
        self.in_ledger(lambda opened: DocumentLedger(opened).reported(BOX, said, now()))

    def sees(self, device, stage: Stage, why: Why = Why.NOTHING, lacking: int = 0, total: int = 0) -> None:
        said = FirmwareProgress(MODEL[1], 2, (Progress(device, stage, why, lacking, total, 1),))
        self.in_ledger(lambda opened: DocumentLedger(opened).progressed(BOX, said, now()))

    def move_on(self) -> None:
        self.in_ledger(lambda opened: FirmwareLedger(opened).move_on(now()))

    def states(self, number: int) -> dict[str, str]:
        return {row["terminal"]: row["state"] for row in self.json("status", number)["rows"]}

    def facts(self) -> list[str]:
        def read(opened):
            with opened.database.reading():
                return [code for (code,) in opened.database.run("SELECT code FROM fact ORDER BY id")]

        return self.in_ledger(read)


@pytest.fixture
def office(provisioned: Campus, early: Path, keys_socket: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    return Office(early, keys_socket.parent / FLEET, capsys, open_level(provisioned.data, Level.SCHOOL))


def test_a_release_is_shown_and_what_the_officers_did_not_sign_is_refused(office: Office) -> None:
    code, said = office("release", office.file(2), "--who", "王芳")
    digest = decode_head(office.signed(2).signed.raw).digest
    assert (code, said.startswith("固件 pos:2  lines-2  "), digest.hex() in said) == (0, True, True)
    assert office.json("release", office.file(2))["new"] is False
    forged, junk = office.data.parent / "forged.fw", office.data.parent / "junk.fw"
    forged.write_bytes(office.signed(3).encode()[:-1] + b"#")
    junk.write_bytes(b"junk")
    code, said = office("release", forged)
    assert (code, "不是" in said or "not those that were signed" in said) == (1, True)
    assert office("release", junk)[0] == 1
    assert office.facts().count("firmware-forged") == 1, "junk is nobody's forgery"
    assert office("release", office.data / "none.fw")[0] == 2
    assert [one["release"] for one in office.json("list")["releases"]] == ["pos:2"]


def test_what_the_officers_stand_for_comes_with_a_release_and_from_then_on_with_each(office: Office) -> None:
    first, second = office.file(2), office.file(3)
    officers = office.stands_for(None, 2)
    beside = first.with_name("2.fw.trust")
    beside.write_bytes(encode_officers(office.stands_for(None, 9)))
    code, said = office("release", first)
    assert (code, "do not stand for release 2" in said) == (1, True)
    beside.write_bytes(b"junk")
    assert office("release", first)[0] == 1
    beside.write_bytes(encode_officers(officers))
    assert office("release", first)[0] == 0
    assert office.in_ledger(lambda opened: FirmwareLedger(opened).trust()) == (1, encode_officers(officers))
    code, said = office("release", second)
    assert (code, "3.fw.trust is missing" in said) == (1, True)
    second.with_name("3.fw.trust").write_bytes(encode_officers(office.stands_for(officers, 3)))
    assert office("release", second)[0] == 0


def test_a_roll_out_is_told_hop_by_hop_and_never_done_by_a_box(office: Office) -> None:
    office("release", office.file(2))
    code, said = office("roll-out", "pos:2", *TWO, *WHO)
    assert (code, said) == (
        0, "升级 1：固件 pos:2，2 台，2 批；进展：./ykt cloud firmware status 1 --follow\n",
    )  # fmt: skip
    assert "  ◐ 第 1 批 pos-01 1号窗口  出厂程序 → 2  已发出，无人答复" in office("status", 1)[1]
    office.sees(POS, Stage.WAITING, Why.MEAL)
    assert "等待：餐时（网关答）" in office("status")[1]
    office.sees(POS, Stage.COMING, lacking=3, total=9)
    assert "接收中 6/9（网关答）" in office("status")[1]
    office.sees(POS, Stage.IN_USE)
    assert office.states(1) == {"pos-01": "receiving", "pos-02": "queued"}
    office.says(POS, Verdict.IN_USE, 2, 2)
    office.move_on()
    assert office.states(1) == {"pos-01": "in-use", "pos-02": "offered"}
    office.says(POS2, Verdict.REFUSED, 2)
    office.move_on()
    code, said = office("status", 1, "--follow")
    assert code == 1
    assert "● 第 1 批 pos-01 1号窗口  2 → 2  在用（终端答）" in said
    assert "✗ 第 2 批 pos-02 2号窗口  出厂程序 → 2  自检未过，已退回原版（终端答）" in said
    assert "已停止（失败过多），第 2/2 批  在用 1/2，未成 1，其余 0" in said
    told = office.json("status", 1)
    assert (told["phase"], told["in_use"], told["failed"], told["over"]) == ("stopped", 1, 1, True)
    running = {row["terminal"]: row["running"] for row in office.json("list")["terminals"]}
    assert (running["pos-01"], running["pos-02"]) == (2, None)


def test_stop_resume_retry_and_back(office: Office) -> None:
    office("release", office.file(2))
    office("release", office.file(3, PROGRAM + b"# 3\n"))
    office("roll-out", "pos:2", "--to", "pos-01,pos-02", *WHO)
    office.says(POS, Verdict.IN_USE, 2, 2)
    assert office("roll-back", 1, *WHO)[0] == 2, "nobody has signed a way back"
    assert office("stop", 1, *WHO)[0] == 0
    assert office.states(1) == {"pos-01": "in-use", "pos-02": "stopped"}
    assert office("resume", 1, *WHO)[0] == 0
    assert office.states(1)["pos-02"] == "offered"
    office("stop", 1, *WHO)
    assert office("retry", 1, *WHO)[0] == 0
    assert office.states(2) == {"pos-02": "offered"}
    office("stop", 2, *WHO)
    office("roll-out", "pos:3", "--to", "pos-02", *WHO)
    office("release", office.file(4))
    assert office.json("list")["releases"][-1]["returns_to"] == 2
    code, said = office("roll-back", 3, *WHO)
    assert (code, "固件 pos:4，1 台" in said) == (0, True), said
    assert (office.states(3), office.states(4)) == ({"pos-02": "stopped"}, {"pos-02": "offered"})
    assert "（退回升级 3）" in office("status")[1]


@pytest.mark.parametrize("words", [
    ("roll-out", "pos:9", "--all", *WHO), ("roll-out", "pos:2", *WHO), ("roll-out", "pos:2", "--all"),
    ("roll-out", "pos:2", "--to", "nobody", *WHO), ("roll-out", "pos:2", "--to", "load-01", *WHO),
    ("roll-out", "pos:2", "--all", "--waves", "50%,10%,100%", *WHO),
    ("roll-out", "pos:2", "--all", "--waves", "50%", *WHO), ("roll-out", "pos:2", "--all", "--stop-at", "101%", *WHO),
    ("roll-out", "pos:2", "--all", "--canary", "-1", *WHO), ("roll-out", "pos:2", "--all", "--wait", "0", *WHO),
    ("status", 1), ("stop", 1, *WHO), ("resume", 1, *WHO), ("retry", 1, *WHO), ("roll-back", 1, *WHO),
    ("stop", "x", *WHO), ("stop", 1),
])  # fmt: skip
def test_what_makes_no_sense_is_refused_and_changes_nothing(office: Office, words: tuple[object, ...]) -> None:
    office("release", office.file(2))
    code, said = office(*words)
    assert (code, bool(said)) == (2, True)
    assert office.json("list")["rollouts"] == []


def test_what_is_not_said_is_as_the_roll_out_has_it() -> None:
    wanted = rolling.WAIT_S, rolling.RUN_S, rolling.STOP_PERCENT
    assert wanted == (options.WAIT_S, options.RUN_S, options.STOP_PERCENT)


def test_it_is_told_in_english_too(office: Office) -> None:
    office("release", office.file(2))
    office("roll-out", "2", "--to", "pos-01", *WHO)
    speak(Language.EN)
    code, said = office("status", 1)
    assert code == 0
    assert "wave 1 pos-01" in said
    assert "built in → 2  sent, nobody has answered" in said
