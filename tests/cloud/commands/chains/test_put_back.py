"""python -m cloud put-back: what is gone, what came again, and two persons who close the list; red until then."""

import json
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from cloud.__main__ import main
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.read.reader import open_reader
from shared.wire.messages import FORM_1, FORM_2, NONCE_SIZE, AckBody, Hello, SignedAck
from shared.words.voice import Language, speak
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box

PROPOSED = ("propose", "--who", "张三", "--reason", "按柜台底单补记两笔")


def run(capsys: pytest.CaptureFixture[str], data: Path, verb: str, *words: object) -> tuple[int, str]:
    try:
        code = main([verb, "--data", str(data), *map(str, words)])
    except SystemExit as end:
        code = int(str(end.code))
    said = capsys.readouterr()
    return code, said.out + said.err


def heard(ledger: Ledger, ack: AckBody) -> None:
    """The box says Hello behind its first record, so the copy knows what it had seen."""
    said = Hello(ack.store, ack.row_cumulative, ack.row_cumulative, SignedAck(b"", bytes(64)), bytes(NONCE_SIZE))
    ledger.hello(c.BOX, c.PARTITION, said, lambda _: ack, c.NOW)


def lose(early: Path, form: int = FORM_2) -> Path:
    """A deposit and a grant, half of it loaded, all in books that are gone; their box fills the older copy again."""
    file, copy = early / "cloud" / "ledger.db", early / "copy.db"
    online, load = c.load_request(c.card(1), 3, 10_000, c.OPENING, request=1)
    with closing(open_ledger(str(file))) as ledger:
        box = Box(ledger, form=form)
        ack = box.send(c.stored(c.purchase(1, c.card(2), 7, 10, c.OPENING)))
        heard(ledger, ack)
    shutil.copy(file, copy)
    with closing(open_ledger(str(file))) as ledger:
        box.ledger = ledger
        ledger.deposit(c.card(1), 12345, "d", c.NOW)
        ledger.grant(c.card(1), 5000, "fund", "help", "g", c.NOW)
        ledger.load_authorise(c.BOX, online, load, True, c.NOW)
        ack = box.send(c.stored(c.load(1, c.card(1), 3, 10_000, c.OPENING, request=1)))
    shutil.copy(copy, file)
    with closing(open_ledger(str(file))) as ledger:
        refill(ledger, box, ack)
    return early


def refill(ledger: Ledger, box: Box, ack) -> None:
    said = Hello(c.STORE, 2, 2, SignedAck(b"", bytes(64)), bytes(NONCE_SIZE))
    ledger.hello(c.BOX, c.PARTITION, said, lambda _: ack, c.NOW)
    box.ledger = ledger
    box.again()


@pytest.fixture
def data(early: Path) -> Path:
    return lose(early)


def test_what_is_gone_and_what_is_known_of_it(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = run(capsys, data, "put-back")
    assert code == 1
    for text in ("再来 1 条记录", "账内链 2–3 不会再来，待两人办结", "账内链 2–3：", "load-01 1 条"):
        assert text in said, said
    assert "缺款：卡 0001 电子账户 ¥-100.00" in said, "loads say what must have been paid in"
    speak(Language.EN)
    _, said = run(capsys, data, "put-back")
    for text in (
        "1 records ¥0.00 came again from 1 terminals; book-only links 2–3 are gone, for two persons to close\n",
        "book-only links 2–3: deposits, grants, desk, approvals after",
        "came again: load-01 1 records ¥0.00, loaded ¥100.00",
        "lacks: card 0001, online account ¥-100.00",
    ):  # fmt: skip
        assert text in said
    speak(Language.ZH)
    told = json.loads(run(capsys, data, "put-back", "--json")[1])
    assert (told["open"], told["again"]["records"], told["again"]["loaded_fen"]) == (1, 1, 10_000)
    assert run(capsys, data, "report")[1].count("放回了旧账本") == 1


def test_what_a_console_asks_twice_a_second_reads_no_account(data: Path) -> None:
    with closing(open_reader(str(data / "cloud" / "ledger.db"))) as reader:
        asked: list[str] = []
        reader.database.connection.set_trace_callback(asked.append)  # type: ignore[attr-defined]  # SQLite's
        assert reader.put_back().waits
        assert [sql for sql in asked if " account" in sql or " balance" in sql or " posting" in sql] == []
        assert [one.label for one in reader.lacks()] == ["0001"]


def test_it_is_false_until_two_persons_have_closed_it(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = run(capsys, data, "verify")
    assert (code, "账本有误：put-back: links 2–3 of the book-only chain are gone" in said) == (1, True), said
    assert "放回了旧账本：再来" in said
    assert run(capsys, data, *("put-back", *PROPOSED))[0] == 0
    code, said = run(capsys, data, "put-back", *PROPOSED)
    assert (code, "与提议 1 重叠" in said) == (2, True)
    assert run(capsys, data, "put-back", "confirm", "--proposal", 1, "--who", "张三")[0] == 2
    assert run(capsys, data, "verify")[0] == 1
    assert run(capsys, data, "held", "list")[0] == 0, "a proposal about something else is not its matter"
    assert run(capsys, data, "held", "confirm", "--proposal", 1, "--who", "李四")[0] == 2
    code, said = run(capsys, data, "put-back", "confirm", "--proposal", 1, "--who", "李四")
    assert (code, "已确认" in said) == (0, True)
    code, said = run(capsys, data, "verify")
    assert (code, "账本无误，另有放回的旧账本" in said, "△ 见证" in said) == (0, True, True), said
    assert run(capsys, data, "put-back")[0] == 0
    assert run(capsys, data, "put-back", *PROPOSED)[0] == 2, "nothing is open"


def test_a_rejected_proposal_leaves_it_open(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, data, "put-back", *PROPOSED)
    words = ("reject", "--proposal", 1, "--who", "李四", "--reason", "少一笔")
    assert run(capsys, data, "put-back", *words)[0] == 0
    assert run(capsys, data, "put-back")[0] == 1
    assert run(capsys, data, "put-back", *PROPOSED)[0] == 0


def test_boxes_of_release_0_1_do_not_know_what_is_gone(early: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = lose(early, FORM_1)
    code, said = run(capsys, data, "put-back")
    assert (code, "旧版网关不知其数" in said) == (1, True), said
    run(capsys, data, "put-back", *PROPOSED)
    run(capsys, data, "put-back", "confirm", "--proposal", 1, "--who", "李四")
    assert run(capsys, data, "verify")[0] == 0


def test_a_ledger_that_was_never_put_back(early: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, early, "put-back") == (0, "账本未曾放回\n")
    assert run(capsys, early, "put-back", *PROPOSED)[0] == 2


@pytest.mark.parametrize("words", [("propose", "--who", "A"), ("confirm", "--who", "A"), ("reject", "--proposal", "1")])
def test_wrong_use(early: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    assert run(capsys, early, "put-back", *words)[0] == 2
