"""Cards, PSAM, shown log and script on disk: whole after any cut, held by one, counted right."""

import json

import pytest

from edge.files.deck import Deck, Laid
from edge.files.disk import Disk, InUse
from edge.files.memory import FileMemory, read_image
from edge.terminal.play.script import Line, Mark, Progress, read_script
from edge.terminal.station.shown import ShownLog, read_shown
from edge.terminal.store.book import Row
from shared.errors import ConfigFault, StoreFault
from shared.ids import CardId
from shared.records import Kind
from shared.records.slot_file import render_initial

CARD = CardId(bytes.fromhex("53030000000000000666"))


@pytest.fixture
def card_file(tmp_path):
    path = tmp_path / "00001.card"
    path.write_bytes(render_initial(b"image 0", 256))
    return path


def test_memory_is_whole_after_every_torn_write(card_file):
    with FileMemory(card_file) as memory:
        memory.store(b"image 1")
        before = card_file.read_bytes()
        memory.store(b"image 2, longer")
    after = card_file.read_bytes()
    changed = [at for at, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    for cut in range(changed[0], changed[-1] + 1):
        card_file.write_bytes(after[:cut] + before[cut:])
        assert read_image(card_file) == b"image 1"
    card_file.write_bytes(after)
    assert read_image(card_file) == b"image 2, longer"


def test_memory_lies_in_one_field(card_file):
    with FileMemory(card_file) as memory:
        with pytest.raises(InUse):
            FileMemory(card_file)
        assert memory.load() == read_image(card_file) == b"image 0"
    FileMemory(card_file).close()


def test_memory_refuses_what_is_none(tmp_path, card_file):
    with pytest.raises(StoreFault):
        FileMemory(tmp_path / "missing")
    with pytest.raises(StoreFault):
        read_image(tmp_path / "missing")
    with FileMemory(card_file) as memory, pytest.raises(StoreFault, match="放不下"):
        memory.store(bytes(300))
    card_file.write_bytes(bytes(512))
    with pytest.raises(StoreFault, match="没有完好的"):
        FileMemory(card_file)


def row(seq, kind=Kind.PURCHASE, fen=1250):
    return Row(1, seq, kind, CARD, seq - 1, fen, 817_300_800)


def test_shown_log_counts_and_forgets_a_cut_line(tmp_path):
    path = tmp_path / "shown.log"
    log = ShownLog(path)
    log.append(row(1))
    log.append(row(2, Kind.LOAD, 5000))
    log.append(row(3, Kind.RECOVERED, 300))
    log.close()
    with path.open("ab") as file:
        file.write(b'{"epoch": 1, "seq": 4, "ki')
    assert [line["seq"] for line in read_shown(path)] == [1, 2, 3]
    again = ShownLog(path)
    assert (again.total.taps, again.total.fen, again.total.loads, again.total.loads_fen) == (2, 1550, 1, 5000)
    assert again.run.taps == 0
    again.append(row(4))
    again.close()
    assert [line["seq"] for line in read_shown(path)] == [1, 2, 3, 4]
    assert next(read_shown(path)) == {
        "told": 0, "epoch": 1, "seq": 1, "kind": 1, "card": CARD.hex(), "counter": 0, "fen": 1250, "time": 817_300_800,
    }  # fmt: skip


def test_shown_log_knows_what_a_display_has_shown(tmp_path):
    path = tmp_path / "shown.log"
    log = ShownLog(path)
    for seq in (1, 2, 3):
        log.append(row(seq))
        log.told()
    log.append(row(4))
    assert log.last_told == (1, 3)
    log.close()
    again = ShownLog(path)
    assert again.last_told == (1, 3)
    again.append(row(3))  # as a pair is told late: both halves, of which one may be there
    again.append(row(4))
    again.told()
    again.close()
    assert [(line["seq"], line["told"]) for line in read_shown(path)] == [(1, 1), (2, 1), (3, 1), (4, 1)]
    assert ShownLog(path).last_told == (1, 4)


def test_a_line_of_release_0_1_was_shown(tmp_path):
    path = tmp_path / "shown.log"
    old = b'{"epoch": 1, "seq": 7, "kind": 1, "card": "00", "counter": 0, "fen": 1, "time": 1}\n'
    path.write_bytes(old)
    log = ShownLog(path)
    assert log.last_told == (1, 7)
    log.append(row(7))
    log.told()
    log.close()
    assert path.read_bytes() == old


def test_a_damaged_line_of_the_shown_log_is_named(tmp_path):
    path = tmp_path / "shown.log"
    good = b'{"epoch": 1, "seq": 1, "kind": 1, "card": "00", "counter": 0, "fen": 1, "time": 1}\n'
    path.write_bytes(good + b"nonsense\n")
    with pytest.raises(StoreFault, match="第 2 行"):
        list(read_shown(path))


def test_the_disk_knows_its_time_and_says_when_it_refuses(tmp_path):
    disk = Disk(slow_s=0.01)
    path = tmp_path / "file"
    with path.open("wb") as file:
        disk.write(file.fileno(), b"bytes", 0)
        disk.sync(file.fileno())
    assert disk.spent_s >= 0.01
    with path.open("rb") as file, pytest.raises(StoreFault, match="写入失败"):
        disk.write(file.fileno(), b"bytes", 0)


def test_a_full_disk_stops_selling_and_is_not_success(school, kit, monkeypatch):
    bench = kit.Bench(school).connect()
    memory = school.memory()
    monkeypatch.setattr(bench.counter, "log", _full)
    assert bench.sell(memory).end == "not-selling"
    assert "存储故障" in bench.displays[-1].title.zh
    assert bench.firmware.bar == "flash"
    assert len(bench.written()) == 1, "the record stands all the same"


def _full(_row):
    raise StoreFault("no space left")


def test_deck(school, tmp_path):
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "a.card").write_bytes(render_initial(school.memory(7, 5000).image))
    card = (b"\x53\x03" + (7).to_bytes(8, "big")).hex()
    (tmp_path / "cards" / "index.json").write_text(json.dumps({"0007": {"file": "a.card", "card": card}}))
    deck = Deck(tmp_path)
    assert deck.find("7") is None
    found = deck.find("0007")
    assert (found.balance_fen(), found.card.hex()) == (5000, card)
    with Laid(found), pytest.raises(InUse):
        Laid(found)


@pytest.mark.parametrize("index", ["[]", "{", '{"1": {"file": "a"}}', '{"1": {"file": "a", "card": "00"}}'])
def test_deck_refuses_a_broken_index(tmp_path, index):
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "index.json").write_text(index)
    with pytest.raises(ConfigFault, match="index"):
        Deck(tmp_path)


def test_script_and_its_progress(tmp_path):
    path = tmp_path / "s.jsonl"
    path.write_text('{"card": "0012", "amount_fen": 1250, "at": 817300805.0}\n\n{"card": "12", "amount_fen": 1}\n')
    assert read_script(path) == (Line("0012", 1250, 817_300_805), Line("12", 1, 0))
    path.write_text('{"phone": "0012", "use": 2, "amount_fen": 1250}\n')
    assert read_script(path) == (Line("0012", 1250, 0, use=2),)
    path.write_text('{"card": "0012", "amount_fen": 1250}\n')
    progress = Progress(tmp_path, path)
    assert progress.begun is None
    progress.begin(1, 7)
    assert Progress(tmp_path, path).begun == Mark(1, 7)
    path.write_text('{"card": "0012", "amount_fen": 1}\n')
    assert Progress(tmp_path, path).begun is None


@pytest.mark.parametrize(
    "line",
    ["{", "[]", '{"card": 12, "amount_fen": 5}', '{"card": "1", "amount_fen": 0}', '{"card": "1"}',
     '{"phone": "1", "amount_fen": 5}', '{"phone": "1", "use": 0, "amount_fen": 5}', '{"phone": "1", "use": 1}',
     '{"phone": "1", "use": 3, "amount_fen": 5}', '{"phone": "1", "use": 1, "void": 2}'],
)  # fmt: skip
def test_a_wrong_script_line_is_named(tmp_path, line):
    path = tmp_path / "s.jsonl"
    path.write_text('{"card": "1", "amount_fen": 5}\n' + line + "\n")
    with pytest.raises(ConfigFault, match="第 2 行"):
        read_script(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigFault, match="UTF-8"):
        read_script(path)


@pytest.mark.parametrize("line", [b"{", b"[]", b"{}", b"7", b'{"epoch": "1"}', b"[" * 100_000])
def test_a_line_of_the_shown_log_that_is_none_is_named(tmp_path, line):
    (tmp_path / "shown.log").write_bytes(line + b"\n")
    with pytest.raises(StoreFault, match="第 1 行损坏"):
        ShownLog(tmp_path / "shown.log")


@pytest.mark.parametrize("raw", [b"", b"[", b"[]", b'{"0001": 7}', b"[" * 100_000])
def test_a_damaged_index_of_cards_is_named(tmp_path, raw):
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "index.json").write_bytes(raw)
    with pytest.raises(ConfigFault, match=r"index\.json"):
        Deck(tmp_path)
