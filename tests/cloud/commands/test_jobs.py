"""python -m cloud job: what a person types to order terminals about, and reads of what became of it."""

import json
import threading
import time
from contextlib import closing
from pathlib import Path
from zlib import crc32

import pytest

from cloud.__main__ import main
from cloud.fleet.beside import campus_clock, orders_socket
from cloud.ledger.fleet.documents.door import DocumentLedger
from cloud.ledger.fleet.jobs.door import JobLedger
from cloud.ledger.fleet.jobs.pieces import ORDERS_MAX
from cloud.ledger.ledger import open_ledger
from cloud.ledger.records.values import Now
from shared.clocks.campus_clock import WALL
from shared.errors import ConfigFault
from shared.fleet.document import DocumentKind, device_scope
from shared.fleet.order import WHOLE, Cancel, Lock, Order, Reread, SendLog, decode_order, too_late
from shared.ids import DeviceId
from shared.keys.document_key import Keyring
from shared.wire.fleet_lane import Held, HeldRow, OnLink, Piece, Reported, Verdict
from shared.wire.messages import DeviceStatus, EpochStatus
from shared.words.voice import Language, speak
from tests.cloud.campus import FLEET
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import BOX, FAR, OTHER_BOX, POS, POS2

WHO = ("--who", "王芳", "--reason", "盘点")


def now() -> Now:
    unix_s = time.time()
    return Now(int(unix_s * 1000), WALL.at(unix_s))


class Desk:
    """Somebody at the command line, and terminals that answer."""

    def __init__(self, data: Path, keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.data, self._keys, self._capsys = data, keys, capsys
        raw = json.loads((data / "campus.json").read_text(encoding="utf-8"))
        self.ring = Keyring(raw["campus"], bytes.fromhex(raw["campus_key"]))

    def __call__(self, *words: object) -> tuple[int, str]:
        try:
            code = main(["job", *map(str, words), "--data", str(self.data), "--keys", str(self._keys)])
        except SystemExit as end:
            code = int(str(end.code))
        said = self._capsys.readouterr()
        return code, said.out + said.err

    def json(self, *words: object) -> dict:
        return json.loads(self(*words, "--json")[1])

    def documents(self, act):
        with closing(open_ledger(str(self.data / "cloud" / "ledger.db"))) as ledger:
            return act(DocumentLedger(ledger.opened))

    def jobs(self, act):
        with closing(open_ledger(str(self.data / "cloud" / "ledger.db"))) as ledger:
            return act(JobLedger(ledger.opened))

    def order(self, device: DeviceId) -> tuple[Order, int]:
        """The order that is out for it, proven as its terminal does."""

        def read(documents):
            (one,) = [w for w in documents.wanted() if w.document.which == (DocumentKind.ORDER, device_scope(device))]
            return one, decode_order(documents.body(one.document))

        wanted, order = self.documents(read)
        assert self.ring.opened(wanted.signed) == wanted.head
        return order, wanted.head.generation

    def says(self, device: DeviceId, verdict: Verdict, detail: bytes = b"", box=BOX) -> None:
        generation = self.order(device)[1]
        of = device, DocumentKind.ORDER, device_scope(device)
        said = Reported(*of, generation, b"d" * 32, 0, 0, 0, generation, verdict, detail)
        self.documents(lambda documents: documents.reported(box, said, now()))

    def states(self, number: int) -> dict[str, str]:
        return {row["terminal"]: row["state"] for row in self.json("show", number)["rows"]}


@pytest.fixture
def desk(early: Path, keys_socket: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    from cloud.keys.client import KeyClient

    made = Desk(early, keys_socket.parent / FLEET, capsys)
    with KeyClient(keys_socket.parent / FLEET) as keys:
        assert all(made.ring.add(key) for key in keys.document_keys())
    return made


def test_a_job_is_ordered_signed_and_told_hop_by_hop(desk: Desk) -> None:
    code, said = desk("run", "lock", "--to", "pos-01,pos-02", *WHO)
    assert (code, said) == (0, "任务 1：锁定，2 台终端；进展：./ykt cloud job show 1 --follow\n")
    order, generation = desk.order(POS)
    assert (order.deed, generation, 590 < order.expires - now().campus_s <= 600) == (Lock("盘点"), 1, True)
    code, said = desk("show", 1)
    assert code == 0
    assert "◐ pos-01 1号窗口  已发出，无人答复" in said
    assert "完成 0/2，未成 0，取消 0，未完 2" in said
    row = HeldRow(DocumentKind.ORDER, device_scope(POS), 1, b"d" * 32, 0)
    desk.documents(lambda documents: documents.held(BOX, Held((row,)), now()))
    assert "◐ pos-01 1号窗口  已到网关（网关 canteen-1 答）" in desk("show", 1)[1]
    desk.says(POS, Verdict.IN_USE)
    desk.says(POS2, Verdict.UNSUPPORTED, b"no")
    code, said = desk("show", 1)
    assert code == 1, "one has failed"
    assert "● pos-01 1号窗口  完成（终端答）" in said
    assert "✗ pos-02 2号窗口  拒绝：本机不支持 no（终端答）" in said
    told = desk.json("show", 1)
    assert (told["verb"], told["arguments"], told["over"], told["failed"]) == ("lock", {"why": "盘点"}, True, 1)
    assert [(row["terminal"], row["state"], row["verdict"], row["detail"]) for row in told["rows"]] == [
        ("pos-01", "ok", "in-use", ""), ("pos-02", "refused", "unsupported", "no"),
    ]  # fmt: skip
    (one,) = desk.json("list")["jobs"]
    assert (one["job"], one["who"], one["counts"]) == (1, "王芳", {"ok": 1, "refused": 1})


def test_only_what_failed_is_tried_again_and_the_rest_is_said(desk: Desk) -> None:
    desk("run", "reboot", "--to", "pos-01,pos-02", *WHO)
    desk.says(POS, Verdict.IN_USE)
    desk.says(POS2, Verdict.REFUSED, b"power cut")
    assert desk("retry", 1, "--who", "李四")[0] == 0
    assert desk.states(2) == {"pos-02": "offered"}
    assert "（重试任务 1）" in desk("list")[1]
    desk.says(POS2, Verdict.IN_USE)
    assert desk("retry", 2)[0] == 2
    assert desk("show", 2, "--follow")[0] == 0, "it is over"


def test_a_cancel_is_done_asked_or_too_late(desk: Desk) -> None:
    desk("run", "locate", "--to", "pos-01,pos-02", "--seconds", 20, *WHO)
    assert desk("cancel", 1, "--who", "李四")[0] == 0
    assert desk.order(POS) == (Order(Cancel(1), desk.order(POS)[0].expires), 2)
    assert "已请求撤回" in desk("show", 1)[1]
    desk.says(POS, Verdict.IN_USE, b"never begun")
    desk.says(POS2, Verdict.REFUSED, too_late("in_use"))
    assert desk.states(1) == {"pos-01": "cancelled", "pos-02": "ok"}
    assert desk("cancel", 1)[0] == 0, "may be said again"
    assert desk.states(1) == {"pos-01": "cancelled", "pos-02": "ok"}


def test_a_lock_says_what_it_stops_and_asks(desk: Desk) -> None:
    at = now()
    status = DeviceStatus(POS, (EpochStatus(1, c.psam(1), 5, 40, 4, 2),), 1, 1, 900, True, at.campus_s // 86_400, 11)
    with closing(open_ledger(str(desk.data / "cloud" / "ledger.db"))) as ledger:
        ledger.store_status(BOX, status, at.unix_ms)
    code, said = desk("run", "lock", "--box", BOX, *WHO)
    assert code == 1
    assert "  pos-01 1号窗口  在线，今日 30 笔，待重放卡 2，未入账 36\n" in said
    assert "--yes" in said
    assert "pos-02" not in said, "it does not sell"
    assert desk("list") == (0, "还没有任务\n")
    assert desk("run", "locate", "--box", BOX, *WHO)[0] == 0, "that stops nobody"
    assert desk("run", "lock", "--box", BOX, "--yes", *WHO)[0] == 0
    assert desk("run", "unlock", "--all", *WHO)[0] == 0
    assert set(desk.states(3).values()) == {"queued", "offered"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run",), "WHAT"),
        (("run", "lock", "--to", "pos-01"), "--reason"),
        (("run", "lock", "--reason", "x"), "--to"),
        (("run", "explode", "--all", "--reason", "x"), "explode"),
        (("run", "lock", "--to", "pos-77", "--reason", "x"), "pos-77"),
        (("run", "lock", "--box", "nowhere", "--reason", "x"), "nowhere"),
        (("run", "lock", "--all", "--reason", "长" * 21), "LOCK"),
        (("run", "locate", "--all", "--reason", "x", "--seconds", "601"), "Locate"),
        (("run", "reread", "--all", "--reason", "x"), "--records"),
        (("run", "reread", "--all", "--reason", "x", "--records", "9..3"), "1:20..35"),
        (("run", "reread", "--all", "--reason", "x", "--records", "1:9..3"), "Reread"),
        (("run", "lock", "--all", "--reason", "x", "--expires", "soon"), "10m"),
        (("run", "lock", "--all", "--reason", "x", "--stop-at", "101"), "--stop-at"),
        (("run", "lock", "--all", "--box", "x", "--reason", "x"), "--all"),
        (("show",), "WHAT"),
        (("show", "one"), "one"),
        (("show", "7"), "7"),
        (("cancel", "7"), "7"),
        (("retry", "7"), "7"),
    ],
)
def test_wrong_use_orders_nothing(desk: Desk, words: tuple[str, ...], told: str) -> None:
    code, said = desk(*words)
    assert (code, told in said) == (2, True), said
    assert desk("list") == (0, "还没有任务\n")


def test_verbs_take_their_arguments(desk: Desk) -> None:
    desk("run", "reread", "--to", FAR.hex(), "--records", "2:5..9", *WHO)
    assert desk.order(FAR)[0].deed == Reread(2, 5, 9)
    assert desk.json("show", 1)["arguments"] == {"records": "2:5..9"}
    desk.says(FAR, Verdict.IN_USE, b"sent 5 of 5", OTHER_BOX)
    assert "完成：sent 5 of 5（终端答）" in desk("show", 1)[1]
    desk("run", "unlock", "--to", "pos-01", "--expires", 0, *WHO)
    assert desk.order(POS)[0].expires == 0


def test_it_speaks_english(desk: Desk) -> None:
    speak(Language.EN)
    assert "job 1: lock to 1 terminals" in desk("run", "lock", "--to", "pos-01", *WHO)[1]
    assert "sent, nobody has answered" in desk("show", 1)[1]


def test_without_a_key_process_nothing_is_ordered(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(ConfigFault):
        orders_socket(tmp_path, None)
    assert orders_socket(tmp_path, tmp_path / "s") == tmp_path / "s"
    assert campus_clock(tmp_path, "") == WALL
    desk._keys = tmp_path / "nobody.sock"
    assert desk("run", "lock", "--to", "pos-01", *WHO)[0] == 1
    assert desk("list") == (0, "还没有任务\n")


def test_a_job_is_followed_to_its_end_and_said_anew_only_where_it_moves(desk: Desk) -> None:
    desk("run", "locate", "--to", "pos-01,pos-02", *WHO)
    desk.says(POS2, Verdict.IN_USE)
    answers = threading.Timer(1.2, lambda: desk.says(POS, Verdict.IN_USE))
    answers.start()
    code, said = desk("show", 1, "--follow")
    answers.join()
    assert code == 0
    assert (said.count("任务 1"), said.count("pos-01"), said.count("pos-02")) == (2, 2, 1)
    told = desk("show", 1, "--follow", "--json")[1].splitlines()
    assert (len(told), json.loads(told[0])["over"]) == (1, True)


def test_an_order_on_the_link_is_a_hop_of_its_own(desk: Desk) -> None:
    desk("run", "unlock", "--to", "pos-01", *WHO)
    generation = desk.order(POS)[1]
    for box in (OTHER_BOX, BOX):
        desk.jobs(lambda jobs, box=box: jobs.on_link(box, OnLink(POS, generation), now()))
        if box is OTHER_BOX:
            assert desk.states(1) == {"pos-01": "offered"}, "not its terminal"
    assert "◐ pos-01 1号窗口  已上总线，终端未答（网关 canteen-1 答）" in desk("show", 1)[1]
    (row,) = desk.json("show", 1)["rows"]
    assert (row["state"], bool(row["bus_ms"]), bool(row["box_ms"]), row["stored_ms"]) == ("on_bus", True, True, None)
    desk.says(POS, Verdict.IN_USE)
    desk.jobs(lambda jobs: jobs.on_link(BOX, OnLink(POS, generation), now()))
    assert desk.states(1) == {"pos-01": "ok"}


def test_a_log_comes_in_pieces_and_its_job_names_it(desk: Desk, tmp_path: Path) -> None:
    desk("run", "send-log", "--whole", "--to", "pos-01,pos-02", *WHO)
    assert desk.order(POS)[0].deed == SendLog(WHOLE)
    raw = "结班单 / slip\n".encode()
    parts = [Piece(POS, 1, crc32(raw), number, 2, part) for number, part in enumerate((raw[:9], raw[9:]))]
    desk.jobs(lambda jobs: [jobs.said(BOX, one, now()) for one in (parts[1], parts[1])])
    assert "任务 1  取日志 whole  " in desk("show", 1)[1]
    assert "只到 1/2 段" in desk("show", 1)[1]
    desk.jobs(lambda jobs: jobs.said(BOX, parts[0], now()))
    desk.jobs(lambda jobs: jobs.said(BOX, Piece(POS, 1, 7, 0, 1, b"another"), now()))
    desk.jobs(lambda jobs: jobs.said(OTHER_BOX, Piece(POS2, 1, 7, 0, 1, b"not its own"), now()))
    assert "〔17 字节：./ykt cloud job log 1〕" in desk("show", 1)[1]
    code, said = desk("log", 1, "--out", tmp_path / "logs")
    assert (code, "pos-02：没有上报" in said) == (1, True)
    assert (tmp_path / "logs" / "job-1-pos-01.log").read_bytes() == raw
    code, said = desk("log", 1, "--to", "pos-01")
    assert (code, "结班单 / slip" in said) == (0, True)
    assert [row["log"] for row in desk.json("show", 1)["rows"]] == [
        {"bytes": 17, "pieces": 2, "of": 2, "whole": True}, None,
    ]  # fmt: skip


def test_what_nobody_asked_for_is_not_kept_and_of_each_terminal_the_newest_are(desk: Desk) -> None:
    for number in range(ORDERS_MAX + 2):
        desk("run", "unlock" if not number else "send-log", "--to", "pos-01", *WHO)
        generation = desk.order(POS)[1]
        piece = Piece(POS, generation, 7, 0, 2, b"x")
        desk.jobs(lambda jobs, piece=piece: jobs.said(BOX, piece, now()))
        desk.says(POS, Verdict.IN_USE)
    kept = [bool(desk.json("log", number)["logs"][0]["log"]) for number in range(1, ORDERS_MAX + 3)]
    assert kept == [False, False] + [True] * ORDERS_MAX


def test_a_model_is_all_terminals_of_that_kind(desk: Desk) -> None:
    assert desk("run", "unlock", "--to", "model:load", *WHO)[0] == 0
    assert [row["terminal"] for row in desk.json("show", 1)["rows"]] == ["load-01"]
    assert desk("run", "unlock", "--to", "model:fax", *WHO)[1] == "错误：没有型号 fax 的终端，有：load, pos\n"
