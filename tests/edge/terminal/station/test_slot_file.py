"""The slot of firmware on a disk: pages count when they are whole, whenever the power goes or the process is killed."""

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from edge.files.disk import Disk
from edge.terminal.station.slot_file import NAME, FileSlot
from shared.errors import StoreFault
from shared.fleet.document import DocumentKind, decode_head, model_scope, page_count, pages_of
from tests.edge.terminal.down.centre import Centre

BODY = Random(9).randbytes(5 * 1024 + 77)
LONG = Random(10).randbytes(40 * 1024)
KILLS = 8


@pytest.fixture
def centre() -> Centre:
    made = Centre(DocumentKind.FIRMWARE, model_scope(1))
    made.make(BODY, 2)
    return made


@pytest.fixture
def head(centre: Centre):
    return decode_head(centre.signed(2).raw)


def test_pages_stay_for_the_next_process(tmp_path: Path, head) -> None:
    slot, pages = FileSlot(tmp_path), [*pages_of(BODY)]
    assert [*slot.begin(head)] == []
    for number in (3, 0, 5):
        slot.write(number, pages[number])
    again = FileSlot(tmp_path)
    assert [*again.begin(head)] == [0, 3, 5]
    for number in (1, 2, 4):
        again.write(number, pages[number])
    assert again.body() == BODY
    assert (tmp_path / NAME).stat().st_mode & 0o77 == 0


def test_the_same_document_said_later_is_the_same(tmp_path: Path, centre: Centre, head) -> None:
    slot = FileSlot(tmp_path)
    slot.begin(head)
    slot.write(0, BODY[:1024])
    assert [*FileSlot(tmp_path).begin(decode_head(centre.signed(2, as_of=head.as_of + 600).raw))] == [0]


def test_another_document_erases_it_and_so_does_forgetting(tmp_path: Path, centre: Centre, head) -> None:
    slot = FileSlot(tmp_path)
    slot.begin(head)
    slot.write(0, BODY[:1024])
    slot.forget()
    assert [*slot.begin(head)] == []
    slot.write(0, BODY[:1024])
    centre.make(BODY + b"more", 3)
    assert [*slot.begin(decode_head(centre.signed(3).raw))] == []
    assert [*slot.begin(head)] == [], "pages of the other one are not this one's"


def test_cut_off_or_changed_at_any_byte_nothing_wrong_counts(tmp_path: Path, head) -> None:
    slot, pages = FileSlot(tmp_path), [*pages_of(BODY)]
    slot.begin(head)
    for number, page in enumerate(pages):
        slot.write(number, page)
    whole, chance = (tmp_path / NAME).read_bytes(), Random(2)
    for _ in range(150):
        at = chance.randrange(len(whole))
        spoilt = whole[:at] if chance.random() < 0.5 else whole[:at] + bytes((whole[at] ^ 1,)) + whole[at + 1 :]
        (tmp_path / NAME).write_bytes(spoilt)
        again = FileSlot(tmp_path)
        held = [*again.begin(head)]
        assert len(held) < page_count(head.length) or again.body() == BODY  # a byte of padding is nobody's
        for number in set(range(len(pages))) - {*held}:
            again.write(number, pages[number])
        assert again.body() == BODY


def test_a_page_in_the_place_of_another_is_none(tmp_path: Path, head) -> None:
    slot = FileSlot(tmp_path)
    slot.begin(head)
    slot.write(0, BODY[:1024])
    raw = (tmp_path / NAME).read_bytes()
    (tmp_path / NAME).write_bytes(raw + raw[-1028:])
    assert [*FileSlot(tmp_path).begin(head)] == [0]


def test_a_medium_that_refuses_is_a_fault_of_the_store(tmp_path: Path, head) -> None:
    class Full(Disk):
        def write(self, fd: int, raw: bytes, offset: int) -> None:
            raise StoreFault("full")

    with pytest.raises(StoreFault):
        FileSlot(tmp_path, Full()).begin(head)
    with pytest.raises(StoreFault):
        FileSlot(tmp_path / "nowhere").begin(head)
    with pytest.raises(StoreFault):
        FileSlot(tmp_path).write(0, b"page")


HEARS = """
import sys, pathlib
from edge.terminal.down.broadcast import Receiver
from edge.terminal.station.slot_file import FileSlot
from edge.link.broadcast import ANNOUNCEMENT, Ask, Call, Say, Symbol, announcement
from shared.fleet.coding import data_symbols, symbol_of
from shared.fleet.document import SignedHead, decode_head, pages_of

raw, signature, body = (bytes.fromhex(word) for word in sys.argv[2:])
receiver = Receiver(lambda signed: decode_head(signed.raw), FileSlot(pathlib.Path(sys.argv[1])))
page = announcement(SignedHead(raw, signature))
for at in range(data_symbols(len(page))):
    receiver.hear(Symbol(1, ANNOUNCEMENT, at, symbol_of(page, at)))
receiver.hear(Call(1, Ask.READY, 0))
answer = receiver.next_answer()
print("held", answer.held if answer.say is Say.READY else "all", flush=True)
for number, page in enumerate(pages_of(body)):
    for at in range(data_symbols(len(page))):
        receiver.hear(Symbol(1, number, at, symbol_of(page, at)))
    print("page", number, flush=True)
print("whole", receiver.whole is not None, flush=True)
"""


@pytest.mark.process
def test_killed_at_any_moment_it_goes_on_behind_the_pages_that_it_has(tmp_path: Path, centre: Centre, head) -> None:
    centre.make(LONG, 3)
    signed, chance, said = centre.signed(3), Random(4), 0
    command = [sys.executable, "-c", HEARS, str(tmp_path), signed.raw.hex(), signed.signature.hex(), LONG.hex()]
    for at in range(KILLS):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            held = process.stdout.readline().split()[1]
            assert held == "all" or int(held) >= said, "a page that was said to be there is there"
            for _ in range(5 * at + chance.randrange(5)):
                said = max(said, int((process.stdout.readline().split() or [0, 0])[1]) + 1)
            process.kill()
    assert len(FileSlot(tmp_path).begin(decode_head(signed.raw))) >= said
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "whole True"
