"""python -m cloud verify: a ledger that was put back and has not started is false, by what the boxes have seen."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from cloud.__main__ import main
from cloud.ingest.seal import AckSeal, load_ack_key
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.process.settings import load_settings
from edge.box.values.effects import Settle
from edge.outbox.store import OutboxStore, connect
from edge.settings import OutboxSetting
from shared.wire.messages import FORM_1, FORM_2, AckBody, decode_ack
from shared.words.voice import Language, speak
from tests.cloud.commands.chains.test_put_back import heard
from tests.cloud.ledger import campus as c


def keep(data: Path, ack: AckBody, folder: str = "canteen-1", *, signed: bool = True) -> None:
    """The box has this ack on its disk, as its outbox writes it."""
    seal = AckSeal(load_ack_key(load_settings(data).ack_key_file))
    said = decode_ack(seal.letter(ack).payload)
    place = data / "boxes" / folder
    place.mkdir(parents=True, exist_ok=True)
    store = OutboxStore(connect(place / "outbox.db"), OutboxSetting(), bytes(ack.store))
    store.begin()
    store.settle(Settle((), (), (), said if signed else said._replace(signature=bytes(64)), ack.ledger, ack.number))
    store.commit()
    store.close()


def sell(ledger: Ledger, seq: int, form: int = FORM_2) -> AckBody:
    record = c.stored(c.purchase(seq, c.card(1), seq, 10, c.OPENING - 10 * seq + 10))
    return c.Box(ledger, form=form, row=seq - 1).send(record)


def verified(capsys: pytest.CaptureFixture[str], data: Path, *words: object) -> tuple[int, dict[str, str]]:
    code = main(["verify", "--data", str(data), "--json", *map(str, words)])
    checks = json.loads(capsys.readouterr().out)["checks"]
    return code, {check["name"]: check["broken"] for check in checks if check["broken"]}


@pytest.fixture
def books(early: Path) -> Path:
    """Its ledger, with a sale; `put_back` has the copy of that moment."""
    file = early / "cloud" / "ledger.db"
    with closing(open_ledger(str(file))) as ledger:
        ack = sell(ledger, 1)
        heard(ledger, ack)
        keep(early, ack)
    shutil.copy(file, early / "copy.db")
    return file


def put_back(data: Path) -> None:
    shutil.copy(data / "copy.db", data / "cloud" / "ledger.db")


def test_boxes_that_have_seen_what_it_holds_make_it_true(
    early: Path, books: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(open_ledger(str(books))) as ledger:
        ledger.deposit(c.card(1), 12345, "d", c.NOW)
        keep(early, sell(ledger, 2))
    assert verified(capsys, early) == (0, {})


def test_a_deposit_that_only_the_lost_books_knew(early: Path, books: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(open_ledger(str(books))) as ledger:
        ledger.deposit(c.card(1), 12345, "d", c.NOW)
        keep(early, ledger.ack_for(c.BOX, c.STORE, FORM_2))
    put_back(early)
    code, broken = verified(capsys, early)
    assert code == 1
    assert "canteen-1 has seen link 2 of the book-only chain" in broken["put-back"]
    assert "links 2 to 2 (deposits" in broken["put-back"]


@pytest.mark.parametrize("form", [FORM_1, FORM_2])
def test_records_that_lie_in_the_outbox_still(
    early: Path, books: Path, form: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(open_ledger(str(books))) as ledger:
        keep(early, sell(ledger, 2, form))
    put_back(early)
    code, broken = verified(capsys, early)
    assert (code, [*broken]) == (1, ["put-back"])
    assert "canteen-1 has ack 2 of p05" in broken["put-back"]


def test_another_branch_of_the_same_length(early: Path, books: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(open_ledger(str(books))) as ledger:
        ledger.deposit(c.card(1), 12345, "d", c.NOW)
        keep(early, ledger.ack_for(c.BOX, c.STORE, FORM_2))
    put_back(early)
    with closing(open_ledger(str(books))) as ledger:
        ledger.deposit(c.card(1), 1, "other", c.NOW)
    assert "canteen-1 has seen link 2" in verified(capsys, early)[1]["put-back"]


def noted(capsys: pytest.CaptureFixture[str], data: Path) -> dict[str, tuple[bool, str, str]]:
    """Check → does it warn, and its note in both languages."""
    assert main(["verify", "--data", str(data), "--json"]) == 0
    checks = json.loads(capsys.readouterr().out)["checks"]
    return {check["name"]: (check["warns"], *check["note"]) for check in checks if check["note"]}


def shown(capsys: pytest.CaptureFixture[str], data: Path) -> list[str]:
    main(["verify", "--data", str(data)])
    return capsys.readouterr().out.splitlines()


def unreadable(data: Path, folder: str, raw: bytes) -> None:
    place = data / "boxes" / folder
    place.mkdir(parents=True)
    (place / "outbox.db").write_bytes(raw)


def test_a_box_that_cannot_be_asked_is_named(early: Path, books: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(open_ledger(str(books))) as ledger:
        keep(early, sell(ledger, 2)._replace(number=99), signed=False)
    unreadable(early, "broken", b"no database")
    told = noted(capsys, early)
    assert told["unasked"] == (
        True, "网关 broken、canteen-1 无法询问", "box broken, canteen-1 could not be asked"
    )  # fmt: skip
    assert told["put-back"] == (False, "没有见证在手", "no witness was at hand")
    rows = shown(capsys, early)
    assert any(row.startswith("  △ 未问到的见证") and row.endswith("网关 broken、canteen-1 无法询问") for row in rows)
    assert rows[-1].endswith("账本无误，另有未问到的见证")
    speak(Language.EN)
    assert shown(capsys, early)[-1].endswith("the ledger is true, beside witnesses that could not be asked")


def test_an_ack_that_is_no_bytes_is_none(early: Path, books: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(early / "boxes" / "canteen-1" / "outbox.db")) as box, box:
        box.execute("UPDATE about SET value = 'words' WHERE name = 'ack'")
    assert noted(capsys, early)["unasked"][2] == "box canteen-1 could not be asked"


def test_the_others_are_asked_still(early: Path, books: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unreadable(early, "broken", b"")
    told = noted(capsys, early)
    assert told["unasked"][1:] == ("网关 broken 无法询问", "box broken could not be asked")
    assert "put-back" not in told, "canteen-1 bears witness"
    with closing(open_ledger(str(books))) as ledger:
        keep(early, sell(ledger, 2))
    put_back(early)
    assert verified(capsys, early)[0] == 1


def test_a_ledger_of_which_nobody_bears_witness_says_so(
    early: Path, books: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(early / "boxes")
    told = noted(capsys, early)
    assert told["put-back"] == (False, "没有见证在手", "no witness was at hand")
    assert "unasked" not in told


# ---- checkpoints


def saved(capsys: pytest.CaptureFixture[str], data: Path, *words: object) -> Path:
    assert main(["checkpoint", "--data", str(data), "--json", *map(str, words)]) == 0
    return Path(json.loads(capsys.readouterr().out)["file"])


def test_a_ledger_from_before_a_saved_checkpoint_is_named(
    early: Path, books: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(open_ledger(str(books))) as ledger:
        ledger.deposit(c.card(1), 12345, "d", c.NOW)
    file = saved(capsys, early, "--out", tmp_path / "safe")
    assert verified(capsys, early, "--checkpoint", file) == (0, {})
    with closing(open_ledger(str(books))) as ledger:
        ledger.deposit(c.card(1), 5, "later", c.NOW)
    assert verified(capsys, early, "--checkpoint", file) == (0, {}), "a ledger may go on"
    put_back(early)
    assert verified(capsys, early) == (0, {}), "the boxes have not seen that deposit"
    code, broken = verified(capsys, early, "--checkpoint", file)
    assert (code, "safe has seen link 2 of the book-only chain" in broken["put-back"]) == (1, True)


def test_a_checkpoint_knows_every_batch_chain(
    early: Path, books: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(open_ledger(str(books))) as ledger:
        sell(ledger, 2)
    file = saved(capsys, early)
    assert file.parent == early / "cloud" / "checkpoints"
    put_back(early)
    assert "has ack 2 of p05" in verified(capsys, early, "--checkpoint", file)[1]["put-back"]


def test_a_checkpoint_is_durable_before_it_is_told(
    early: Path, books: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, fsync = set(), os.fsync

    def seen(fd: int) -> None:
        synced.add(os.fstat(fd).st_ino)
        fsync(fd)

    monkeypatch.setattr(os, "fsync", seen)
    file = saved(capsys, early)
    assert {file.stat().st_ino, file.parent.stat().st_ino} <= synced


@pytest.mark.parametrize("spoil", [lambda raw: raw[:-1] + b"x", lambda raw: raw[:10] + b"x" + raw[11:], lambda _: b""])
def test_what_is_no_checkpoint_is_wrong_use(
    early: Path, books: Path, capsys: pytest.CaptureFixture[str], spoil: Callable[[bytes], bytes]
) -> None:
    file = saved(capsys, early)
    file.write_bytes(spoil(file.read_bytes()))
    assert main(["verify", "--data", str(early), "--checkpoint", str(file)]) == 2
    assert file.name in capsys.readouterr().err
    assert main(["verify", "--data", str(early), "--checkpoint", str(early / "none")]) == 2
