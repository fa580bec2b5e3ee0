"""python -m cloud operators: what provisioning's index says is signed and goes to every till."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from cloud.__main__ import main
from cloud.keys.client import KeyClient
from cloud.ledger.fleet.documents.door import DocumentLedger
from cloud.ledger.fleet.documents.lists import OPERATORS
from cloud.ledger.ledger import open_ledger
from shared.fleet.cards import OPERATORS_MAX, read_operators
from shared.ids import CardId
from shared.keys.document_key import Keyring
from shared.words.voice import Language, speak
from tests.cloud.campus import FLEET

LOST, KEPT = CardId(b"\x53\3\0\0\0\0\xf0\0\0\1"), CardId(b"\x53\3\0\0\0\0\xf0\0\0\2")


class Desk:
    """Somebody at the command line of a campus with an index."""

    def __init__(self, data: Path, keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.data, self._keys, self._capsys = data, keys, capsys
        raw = json.loads((data / "campus.json").read_text(encoding="utf-8"))
        self.ring = Keyring(raw["campus"], bytes.fromhex(raw["campus_key"]))
        with KeyClient(keys) as client:
            assert all(self.ring.add(key) for key in client.document_keys())

    def __call__(self, *words: object) -> tuple[int, str]:
        code = main([*map(str, words), "--data", str(self.data), "--keys", str(self._keys)])
        said = self._capsys.readouterr()
        return code, said.out + said.err

    def index(self, **rows: object) -> None:
        """As `provision operator` keeps it."""
        folder = self.data / "operators"
        folder.mkdir(exist_ok=True)
        (folder / "index.json").write_text(json.dumps(rows), encoding="utf-8")

    def documents(self, act):
        with closing(open_ledger(str(self.data / "cloud" / "ledger.db"))) as ledger:
            return act(DocumentLedger(ledger.opened))

    def newest(self) -> tuple[int, frozenset[CardId]]:
        """Generation and cards, proven as a till does it."""

        def read(documents):
            (one,) = [one for one in documents.wanted() if one.document.which == OPERATORS]
            assert self.ring.opened(one.signed) == one.head
            return one.document.generation, read_operators(documents.body(one.document))

        return self.documents(read)


@pytest.fixture
def desk(early: Path, keys_socket: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    made = Desk(early, keys_socket.parent / FLEET, capsys)
    made.index(主管01={"file": "1", "card": LOST.hex()}, 主管02={"file": "2", "card": KEPT.hex()})
    return made


def row(card: CardId, **marks: bool) -> dict[str, object]:
    return {"file": "1", "card": card.hex(), **marks}


def test_what_counts_in_the_index_is_signed_and_made(desk: Desk) -> None:
    assert desk("operators")[1] == "还没有下发主管卡名单：各消费机以本机设置为准\n"
    assert desk("operators", "push", "--who", "王芳") == (
        0, "已下发主管卡名单第 1 版：2 张，其余的卡即刻不能撤销\n",
    )  # fmt: skip
    assert desk.newest() == (1, {LOST, KEPT})
    desk.index(主管01=row(LOST, withdrawn=True), 主管02=row(KEPT), 主管03=row(CardId(b"9" * 10), making=True))
    desk("operators", "push", "--who", "王芳")
    assert desk.newest() == (2, {KEPT}), "neither what is withdrawn nor what is not made yet"
    assert desk("operators", "push", "--who", "王芳") == (0, "没有变化：1 张主管卡\n")
    said = desk("operators")[1]
    assert "第 2 版，1 张" in said
    assert f"{KEPT.hex()}  主管02" in said
    assert json.loads(desk("operators", "--json")[1]) == {
        "generation": 2, "cards": [{"card": KEPT.hex(), "label": "主管02"}],
    }  # fmt: skip
    speak(Language.EN)
    assert desk("operators", "push")[1] == "nothing changes: 1 operator cards\n"


def test_who_waits_hears_which_tills_do_not_use_it_yet(desk: Desk) -> None:
    code, said = desk("operators", "push", "--who", "王芳", "--wait", "0.01")
    assert (code, "离线：load-01, pos-01, pos-02, pos-03" in said) == (0, True), said


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ({"a": {}}, "不是主管卡目录"),
        ({"a": {"card": "12"}}, "不是主管卡目录"),
        ({str(n): {"card": CardId(n.to_bytes(10, "big")).hex()} for n in range(OPERATORS_MAX + 1)}, "257 cards"),
    ],
)
def test_a_wrong_index_changes_nothing(desk: Desk, rows: dict[str, object], why: str) -> None:
    desk.index(**rows)
    code, said = desk("operators", "push")
    assert (code, why in said) == (2, True), said
    (desk.data / "operators" / "index.json").unlink()
    assert desk("operators", "push")[0] == 2
    assert desk.documents(lambda documents: documents.is_made(OPERATORS)) is False


def test_where_nothing_is_a_fork_nothing_is_made_anew(desk: Desk) -> None:
    desk("operators", "push", "--who", "王芳")
    assert desk("documents", "mend", "--who", "王芳") == (0, "没有分叉的人工下发文件\n")
    assert desk.newest() == (1, {LOST, KEPT})
