"""What was shown, held against what the books say: once, never, twice, withdrawn."""

import json
from pathlib import Path

import pytest

from cloud.commands.shown import Owed, compare
from shared.errors import StoreFault
from shared.ids import CardId
from shared.records import Kind

CARD = CardId(b"\0\1" + b"\0" * 7 + b"\7")


def gone(*_: object) -> bool:
    """Nobody holds anything any more."""
    return False


def log(data: Path, name: str, *kinds: Kind) -> Path:
    folder = data / "terminals" / name
    folder.mkdir(parents=True)
    head = {"epoch": 1, "card": CARD.hex(), "fen": 5}
    lines = [head | {"seq": n + 1, "kind": kind, "counter": n} for n, kind in enumerate(kinds)]
    (folder / "shown.log").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder / "shown.log"


@pytest.mark.parametrize(
    ("kind", "entries", "lost", "double"),
    [
        (Kind.PURCHASE, ["purchase"], 0, 0),
        (Kind.RECOVERED, ["evidence"], 0, 0),
        (Kind.RECOVERED, ["evidence", "evidence_withdrawn", "purchase"], 0, 0),
        (Kind.PURCHASE, [], 1, 0),
        (Kind.PURCHASE, ["evidence", "evidence_withdrawn"], 1, 0),
        (Kind.PURCHASE, ["load_confirmed"], 1, 0),
        (Kind.PURCHASE, ["purchase", "purchase"], 0, 1),
        (Kind.PURCHASE, ["purchase", "evidence"], 0, 1),
        (Kind.LOAD, ["load_authorised", "load_confirmed"], 0, 0),
        (Kind.LOAD_RECOVERED, ["load_alone", "purchase"], 0, 0),
        (Kind.LOAD, ["load_authorised", "load_reversed"], 1, 0),
        (Kind.LOAD, ["load_confirmed", "load_alone"], 0, 1),
    ],
)
def test_each_success_is_posted_exactly_once(
    tmp_path: Path, kind: Kind, entries: list[str], lost: int, double: int
) -> None:
    log(tmp_path, "pos-01", kind)

    def posted(card: CardId, purse: int, counter: int) -> list[str]:
        return entries if (card, purse, counter) == (CARD, 0, 0) else []

    found = compare(tmp_path, posted, gone)
    assert (found.lost, found.double) == (lost, double)
    assert bool(found.first) == bool(lost or double)


def test_counts_are_kept_by_terminal(tmp_path: Path) -> None:
    log(tmp_path, "pos-01", Kind.PURCHASE, Kind.PURCHASE)
    log(tmp_path, "load-01", Kind.LOAD)
    found = compare(tmp_path, lambda *_: ["purchase", "load_confirmed"], gone)
    assert (found.taps, found.loads) == (2, 1)
    assert found.by_terminal == {"pos-01": (2, 0), "load-01": (0, 1)}


def test_a_cut_last_line_was_never_shown_and_a_damaged_one_is_an_error(tmp_path: Path) -> None:
    file = log(tmp_path, "pos-01", Kind.PURCHASE)
    whole = file.read_bytes()
    file.write_bytes(whole + whole[:-1])
    assert compare(tmp_path, lambda *_: ["purchase"], gone).taps == 1
    file.write_bytes(whole[:-5] + b"\n")
    with pytest.raises(StoreFault, match="line 1"):
        compare(tmp_path, lambda *_: [], gone)


def test_no_terminals_no_figures(tmp_path: Path) -> None:
    assert compare(tmp_path, lambda *_: [], gone).taps == 0


def test_what_still_lies_in_a_terminal_is_owed_by_range_and_not_lost(tmp_path: Path) -> None:
    log(tmp_path, "pos-01", *[Kind.PURCHASE] * 6)
    log(tmp_path, "load-01", Kind.LOAD)
    posted = {1, 2}
    found = compare(
        tmp_path,
        lambda card, purse, counter: ["purchase", "load_confirmed"] if counter in posted else [],
        lambda name, epoch, seq: name == "pos-01" and epoch == 1 and seq not in (2, 3, 5),
    )
    assert (found.lost, found.double, found.owed, found.owed_fen) == (2, 0, 3, 15), "seq 5, and the load"
    assert found.owed_by == [Owed("pos-01", 1, 1, 1), Owed("pos-01", 1, 4, 4), Owed("pos-01", 1, 6, 6)]


def test_an_owed_load_took_nothing_from_its_card(tmp_path: Path) -> None:
    log(tmp_path, "load-01", Kind.LOAD)
    found = compare(tmp_path, lambda *_: [], lambda *_: True)
    assert (found.lost, found.owed, found.owed_fen) == (0, 1, 0)
