"""The card desk on real processes: key process, ledger service, a box for its loads; the verbs as typed."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from compose.parts.standing import Standing
from compose.servers.ports import free_port
from compose.servers.servers import embedded_broker
from edge.desk.doors.matters import Matters
from edge.desk.money.money import LOAD
from edge.files.memory import read_image
from provisioning.plan.demo import demo_plan
from shared.purse.commands import SFI_CAPP, SFI_PUBLIC
from shared.purse.cos.cardfs import KEY_SIZE, KeyKind
from shared.purse.cos.images import decode_card_image, open_card_image
from shared.records.slot_file import render_initial
from shared.transit.ride_record import RIDE_SIZE, RideRecord, ride_of
from tests.cloud.campus import CARDS, ROOT, Campus, make_campus, part, run_part

pytestmark = pytest.mark.process
CARD, OTHER, PLAIN = "0002", "0003", "0004"
"""The last one has the main purse alone."""
FRESH = "9001"
"""A card of the stock: nothing was ever on it."""
BOX = "canteen-1"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Campus:
    campus = make_campus(tmp_path_factory.mktemp("desk"), _plan())
    run_part("cloud", "import", "--data", campus.data)
    run_part("cloud", "cashier", "--data", campus.data, "--name", "王芳")
    return campus


def _plan() -> dict:
    """The demonstration's campus with one box on TCP alone: a counter, a load machine, a desk."""
    plan = demo_plan(CARDS)
    canteen = plan["boxes"][0]
    terminals = [one for one in canteen["terminals"] if one["link"] == "tcp"]
    links = [one for one in canteen["links"] if one["name"] == "tcp"]
    cards = [*plan["cards"], *({"label": label, "opening_fen": 0} for label in (FRESH, "9002", "9003"))]
    return {**plan, "cards": cards, "boxes": [{**canteen, "links": links, "terminals": terminals}]}


class Office:
    """A data folder of one test, and what runs beside it."""

    def __init__(self, data: Path, room: Path) -> None:
        self.data, self.room = data, room
        self.keys, self.desk_keys = room / "k", room / "d"
        self._ends = ExitStack()

    def __enter__(self) -> "Office":
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def start_keys(self) -> None:
        sockets = ("--socket", self.keys, "--desk-socket", self.desk_keys)
        self._run(part("keys", "provisioning", "keys", "--data", self.data, *sockets))

    def start_centre(self) -> Standing:
        """The ledger's service for desks; desks find it by themselves."""
        words = ("--data", self.data, "--keys", self.keys, "--port", free_port())
        return self._run(part("desk", "cloud", "desk", *words))

    def start_field(self) -> Standing:
        """A broker, an ingest, which is returned, and the box that the desk's body hangs on."""
        port = free_port()
        self._run(embedded_broker(port))
        broker = ("--data", self.data, "--broker", f"127.0.0.1:{port}")
        ingest = self._run(part("ingest", "cloud", "ingest", *broker, "--keys", self.keys))
        self._run(part("edge", "edge", "run", *broker, "--box", BOX, "--tcp-port", free_port()))
        return ingest

    def desk(self, verb: str, *words: object, code: int = 0) -> str:
        return run_part("edge.desk", verb, "--data", self.data, *words, code=code)

    def typed(self, typed: str, verb: str, *words: object) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-P", "-m", "edge.desk", verb, "--data", self.data, *words]
        return subprocess.run(
            list(map(str, command)), input=typed, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
        )

    def on_card(self, label: str) -> int:
        return decode_card_image(read_image(self.data / "cards" / f"{int(label):05d}.card")).balance_fen

    def card(self, label: str) -> str:
        return json.loads((self.data / "cards" / "index.json").read_text())[label]["card"]

    def verify(self) -> None:
        run_part("cloud", "verify", "--data", self.data, "--keys", self.keys)

    def _run(self, wanted) -> Standing:
        return self._ends.enter_context(Standing(wanted, self.room))


@pytest.fixture
def office(made, tmp_path) -> Iterator[Office]:
    """A campus of this test's own; nothing runs yet."""
    with Office(shutil.copytree(made.data, tmp_path / "campus"), tmp_path) as made_office:
        yield made_office


def test_a_card_is_read_and_agrees_with_the_ledger(office):
    office.start_centre()
    said = office.desk("read", "--card", CARD)
    assert "核对：相符" in said
    assert "核对：补助余额相符" in said
    assert f"卡面号 {CARD}" in said
    said = office.desk("read", "--card", CARD, "--lang", "en")
    assert "check: agrees" in said
    assert "check: the subsidy balance agrees" in said
    assert "subsidy" not in office.desk("read", "--card", PLAIN)


def test_without_a_line_the_card_alone_is_read(office):
    said = office.desk("read", "--card", CARD)
    assert "未与账本核对" in said
    assert "卡内余额" in said


def test_a_wrong_token_is_told_so(office):
    (office.data / "cloud" / "cashier-王芳.token").write_text("nonsense")
    office.start_centre()
    assert "令牌无效" in office.desk("read", "--card", CARD)


def test_a_card_of_nobody_is_wrong_use(office):
    assert "没有这张卡" in office.desk("read", "--card", "9999", code=2)


def test_cash_onto_the_card_and_back_to_cash(office):
    """Every step on real parts; at the end card, ledger and drawer agree."""
    office.start_keys()
    office.start_centre()
    office.start_field()
    before = office.on_card(CARD)
    said = office.desk("load", "--card", CARD, "--cash", "--yuan", "50")
    assert "收据 王芳-000001" in said
    assert office.on_card(CARD) == before + 5_000
    office.desk("load", "--card", CARD, "--cash", "--yuan", "50")
    before += 5_000
    assert office.on_card(CARD) == before + 5_000, "the same sum again is another load, for the last one was told"
    run_part("cloud", "grant", "--data", office.data, "--card", CARD, "--fen", "700", "--key", "g", "--reason", "补助")
    assert "过渡余额，可领款：¥7.00" in office.desk("read", "--card", CARD)
    said = office.desk("claim", "--card", CARD)
    assert "领款" in said
    before += 700
    assert office.on_card(CARD) == before + 5_000
    said = office.desk("unload", "--card", CARD, "--yuan", "20", "--pay")
    assert "王芳-000003" in said
    assert "王芳-000004" in said
    assert office.on_card(CARD) == before + 3_000
    said = office.desk("read", "--card", CARD)
    assert "核对：相符" in said
    assert "圈提  -¥20.00" in said
    assert "hand-desk 卡务中心" in said
    assert "卡务台" not in office.desk("log", "--card", CARD, "--csv", office.room / "log.csv")
    assert "圈提" in (office.room / "log.csv").read_text(encoding="utf-8-sig")
    assert "未了事项：0" in office.desk("settle")
    office.verify()


def test_a_load_that_was_perhaps_never_told_is_not_made_twice(office):
    """The desk died between the record and the display: its matter is open. The same sum is that load; no cash."""
    office.start_keys()
    office.start_centre()
    office.start_field()
    office.desk("load", "--card", CARD, "--cash", "--yuan", "50")
    held = office.on_card(CARD)
    Matters(office.data / "terminals" / "hand-desk" / "desk").begin(LOAD, {"card": office.card(CARD), "fen": 5_000})
    assert "该卡上次圈存未了" in office.desk("load", "--card", CARD, "--cash", "--yuan", "50", code=1)
    assert "圈存待原卡" in office.desk("settle", code=1)
    assert "未再圈存" in office.desk("load", "--card", CARD, "--yuan", "50")
    assert office.on_card(CARD) == held
    assert "未了事项：0" in office.desk("settle")
    assert "王芳-000002" in office.desk("load", "--card", CARD, "--cash", "--yuan", "50")
    assert office.on_card(CARD) == held + 5_000
    office.verify()


def test_the_ledger_goes_between_cash_and_card(office):
    """The cash is in the account, nothing on the card; when the ledger is back the same card is loaded, once."""
    office.start_keys()
    office.start_centre()
    ingest = office.start_field()
    office.desk("load", "--card", CARD, "--cash", "--yuan", "1")
    held = office.on_card(CARD)
    ingest.kill()
    said = office.desk("load", "--card", CARD, "--cash", "--yuan", "50", code=1)
    assert "勿再加 --cash" in said
    assert office.on_card(CARD) == held
    ingest.start()
    office.desk("load", "--card", CARD, "--yuan", "50")
    assert office.on_card(CARD) == held + 5_000
    assert "核对：相符" in office.desk("read", "--card", CARD)
    office.verify()


def test_a_desk_without_its_ledger_takes_no_cash_and_says_so(office):
    office.start_keys()
    assert "没有账本接口或令牌" in office.desk("cash-in", "--card", CARD, "--yuan", "1", code=2)
    url = ("--url", f"https://127.0.0.1:{free_port()}")
    assert "请执行 settle 查明" in office.desk("cash-in", "--card", CARD, "--yuan", "1", *url, code=1)
    office.start_centre()
    assert "王芳-000001" in office.desk("settle")
    assert "未了事项：0" in office.desk("settle")
    office.verify()


def test_a_card_is_blocked_unblocked_and_blocked_for_ever(office):
    """Both purses of it: a till that is shown its subsidy alone must not sell either."""
    office.start_keys()
    said = office.desk("block", "--card", CARD)
    assert said.index("应用已锁定") < said.index("补助钱包：应用已锁定"), "the main purse is closed first"
    said = office.desk("read", "--card", CARD, code=1)
    assert "应用已锁定（可解锁）" in said
    assert "卡内余额" not in said
    said = office.desk("unblock", "--card", CARD)
    assert said.index("补助钱包：应用已解锁") < said.rindex("应用已解锁"), "and opened last"
    assert office.desk("read", "--card", CARD).count("卡内余额") == 2
    office.desk("block", "--card", CARD, "--forever")
    assert "应用已永久锁定" in office.desk("read", "--card", CARD, code=1)
    office.desk("unblock", "--card", CARD, code=1)
    said = office.desk("block", "--card", PLAIN)
    assert "补助" not in said, "this one has no subsidy purse"
    assert "可消费" not in office.desk("read", "--card", OTHER)


def test_a_card_is_activated_before_its_holder(office):
    """As production hands it over: byte 9 of file 0015 is 00, and every terminal refuses it."""
    office.start_keys()
    path = office.data / "cards" / f"{int(CARD):05d}.card"
    image = open_card_image(read_image(path))
    for stored in image.directories:
        public = stored.open().by_sfi(SFI_PUBLIC)
        if public is not None:
            public.content = public.content[:8] + b"\0" + public.content[9:]
    path.write_bytes(render_initial(image.encode()))
    assert "未领卡激活" in office.desk("read", "--card", CARD)
    assert "卡未启用" in office.desk("cash-in", "--card", CARD, "--yuan", "1", code=2)
    assert "已激活" in office.desk("activate", "--card", CARD)
    assert office.desk("read", "--card", CARD).count("启用：是") == 2
    assert "已激活" in office.desk("activate", "--card", CARD), "again is a success"


def _older_card(office, label, *, room, kept_up=True):
    """As a card of before rides came: file 0017 holds the counters alone. room: its file is as large as today's.

    kept_up False: as a card of the first release, which had no key for upkeep.
    """
    path = office.data / "cards" / f"{int(label):05d}.card"
    image = decode_card_image(read_image(path))
    capp = image.application.by_sfi(SFI_CAPP)
    capp.content = capp.content[:RIDE_SIZE]
    capp.size = capp.size if room else RIDE_SIZE
    if not kept_up:
        here = image.application
        rows = (here.keys[at : at + KEY_SIZE] for at in range(0, len(here.keys), KEY_SIZE))
        here.keys = b"".join(row for row in rows if row[0] != KeyKind.MAINTENANCE)
    path.write_bytes(render_initial(image.encode()))


def _ride(office, label):
    return ride_of(decode_card_image(read_image(office.data / "cards" / f"{int(label):05d}.card")).capp)


def test_an_older_card_is_given_the_transit_record(office):
    office.start_keys()
    _older_card(office, CARD, room=True)
    before = office.on_card(CARD)
    assert "乘车记录已写入" in office.desk("add", "--card", CARD, "transit")
    assert (_ride(office, CARD), office.on_card(CARD)) == (RideRecord(), before)
    assert "已有乘车记录" in office.desk("add", "--card", CARD, "transit")


def test_what_a_finished_card_cannot_be_given_is_said_with_what_to_do(office):
    """A file without room, a card without the key, a whole application: the card is exchanged."""
    office.start_keys()
    _older_card(office, PLAIN, room=False)
    _older_card(office, OTHER, room=True, kept_up=False)
    said = office.desk("add", "--card", OTHER, "transit", code=1)
    assert "没有维护密钥" in said
    assert "请换一张新卡" in said
    for what, why in (("transit", "没有余地"), ("subsidy", "成品卡不能加")):
        said = office.desk("add", "--card", PLAIN, what, code=1)
        assert why in said
        assert "replace --card 旧卡 --new 新卡" in said
    assert _ride(office, PLAIN) is None
    assert "已有补助钱包" in office.desk("add", "--card", CARD, "subsidy")
    assert "未办理" not in office.desk("read", "--card", PLAIN)


def test_a_card_on_the_desks_own_hotlist_is_told_off_line(office):
    settings = office.data / "terminals" / "hand-desk" / "terminal.json"
    raw = json.loads(settings.read_text())
    settings.write_text(json.dumps({**raw, "hotlist": {"version": 7, "cards": [office.card(CARD)]}}))
    assert "本台黑名单 v7 有此卡" in office.desk("read", "--card", CARD)
    assert "黑名单" not in office.desk("read", "--card", OTHER)


def test_a_card_without_a_pin_refuses_one(office):
    office.start_keys()
    done = office.typed("123456\n", "pin-reload", "--card", CARD)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "未办理" in done.stdout


def test_a_broken_card_gives_way_to_a_new_one(office):
    """Readable: its MAC1 proves the balance, it moves at once, and the old card is blocked and refused everywhere."""
    office.start_keys()
    office.start_centre()
    before = office.on_card(CARD)
    said = office.desk("replace", "--card", CARD, "--new", FRESH, "--reason", "折断")
    assert f"旧卡 {CARD} 作废" in said
    assert "应用已永久锁定" in said
    assert "补助 ¥22.60 记为新卡待回补助" in said
    assert "冻结" not in said
    said = office.desk("read", "--card", FRESH)
    assert f"电子账户 ¥{before // 100}.{before % 100:02d}" in said
    assert "应用已永久锁定" in office.desk("read", "--card", CARD, code=1)
    assert "不能办理" in office.desk("cash-in", "--card", CARD, "--yuan", "1", code=2)
    office.verify()


def test_a_lost_card_is_frozen_and_another_one_comes_for_it(office):
    office.start_keys()
    office.start_centre()
    assert "该卡没有挂失" in office.desk("reissue", "--label", OTHER, "--new", FRESH, code=1)
    assert "已挂失" in office.desk("lost", "--label", OTHER, "--reason", "食堂")
    assert "该卡已挂失，请收下卡" in office.desk("cash-in", "--card", OTHER, "--yuan", "1", code=1)
    refused = office.desk("cash-in", "--card", OTHER, "--yuan", "1", "--lang", "en", code=1)
    assert "the ledger refuses: this card is reported lost: keep it" in refused, "both halves came; the desk chose"
    assert "已挂失 · 在黑名单" in office.desk("read", "--card", OTHER)
    office.desk("found", "--label", OTHER)
    office.desk("cash-in", "--card", OTHER, "--yuan", "1")
    office.desk("lost", "--label", OTHER)
    said = office.desk("reissue", "--label", OTHER, "--new", FRESH)
    assert "电子账户 ¥1.00" in said
    assert "待每台终端收齐并回报拒收旧卡" in said
    released = office.desk("release", "--label", OTHER, code=1)
    assert "未回报拒收旧卡" in released
    assert f"./ykt cloud lost write-off --card {OTHER} --terminal" in released
    where = ("--data", office.data, "--card", OTHER)
    run_part("cloud", "lost", "write-off", *where, "--every", "--who", "李明", "--reason", "未启用黑名单")
    run_part("cloud", "lost", "write-off", "--data", office.data, "--proposal", "1", "--who", "赵红")
    assert "已转入新卡账户" in office.desk("release", "--label", OTHER)
    assert "替换为：9001" in office.desk("read", "--card", OTHER)
    office.verify()


def test_a_cashiers_day(office):
    """Float, cash, a replacement out of the cards drawn, a spoiled card; the drawer lacks one yuan."""
    office.start_keys()
    office.start_centre()
    office.desk("float", "--yuan", "100")
    office.desk("cash-in", "--card", OTHER, "--yuan", "50")
    office.desk("cash-out", "--card", OTHER, "--yuan", "20.50")
    office.desk("draw", "--first", FRESH, "--last", "9003")
    office.desk("spoil", "--label", "9003", "--reason", "写卡失败")
    said = office.desk("replace", "--label", CARD, "--new", FRESH, code=2)
    assert "由卡务台收存才算坏卡：加 --kept" in said
    said = office.desk("replace", "--label", CARD, "--new", FRESH, "--kept")
    assert "由卡务台收存，请剪角入袋" in said
    assert "未日结" in office.desk("sheet")
    said = office.desk("close", "--counted", "128.50", "--left", "1", "--out", office.room / "sheet.txt")
    assert "短款 ¥1.00" in said
    assert "收据：000001–000004，共 4 张" in said
    assert "领用 3 = 发出 1 + 废卡 1 + 结存 1" in said
    assert "空白卡实点：1，相符" in said
    assert (office.room / "sheet.txt").read_text(encoding="utf-8") in said
    assert "今日已日结" in office.desk("close", "--counted", "0", "--left", "1", code=1)
    assert "今日已日结" in office.desk("cash-in", "--card", OTHER, "--yuan", "1", code=1)
    assert "已日结" in office.desk("sheet")
    said = office.desk("sheet", "--lang", "en")
    assert "· closed" in said
    assert "difference: short by ¥1.00" in said
    assert "cards counted: 1, as it should be" in said
    office.verify()


def test_a_student_becomes_staff(office):
    office.start_keys()
    office.start_centre()
    assert "类别：学生卡" in office.desk("read", "--card", CARD)
    office.desk("class", "--card", CARD, "--to", "2", "--reason", "留校")
    said = office.desk("read", "--card", CARD)
    assert said.count("类别：教工卡") == 2, "both applications tell the class"
    assert "学生卡" not in said
    assert "类别不符" not in said


def test_the_desk_socket_is_needed_and_no_other_will_do(office):
    assert "没有密钥进程的卡务套接字" in office.desk("block", "--card", CARD, code=2)
    office.start_keys()
    said = office.desk("block", "--card", CARD, "--desk-keys", office.keys, code=1)
    assert "密钥进程拒绝" in said
    assert "可解锁" not in office.desk("read", "--card", CARD)


def test_a_spare_is_lent_loads_its_holders_money_and_comes_back_empty_in_one_act(office):
    office.start_keys()
    office.start_centre()
    office.start_field()
    run_part("cloud", "deposit", "--data", office.data, "--card", OTHER, "--fen", "5000", "--key", "k1")
    office.desk("lost", "--label", OTHER, "--reason", "丢失")
    said = office.desk("lend", "--new", FRESH, "--for", OTHER, "--person", "林一", "--deposit", "10", "--limit", "30")
    assert "备用卡押金 ¥10.00" in said
    assert f"{FRESH} 已借出" in said
    office.desk("float", "--yuan", "20")
    assert "10.00" in office.desk("load", "--card", FRESH, "--yuan", "10")  # out of the lost card's account
    said = office.desk("spares")
    assert f"{FRESH} 借出" in said
    assert f"林一 · {OTHER}" in said
    said = office.desk("take-back", "--card", FRESH)
    assert "已圈提 ¥10.00，卡内余额 ¥0.00" in said
    assert f"{FRESH} 已归还" in said
    assert "初一1班" in office.desk("hand-out", "--label", FRESH, "--class", "初一1班")
    assert f"{FRESH} 交班级" in office.desk("spares", "--class", "初一1班")
    office.verify()
