"""What was shown, held against what the books say: once, never, twice, withdrawn."""

import json
from pathlib import Path

import pytest

from cloud.commands.shown import compare
from shared.errors import StoreFault
from shared.ids import CardId
from shared.records import Kind

CARD = CardId(b"\0\1" + b"\0" * 7 + b"\7")


def log(data: Path, name: str, *kinds: Kind) -> Path:
    folder = data / "terminals" / name
    folder.mkdir(parents=True)
    lines = [{"kind": kind, "card": CARD.hex(), "counter": n, "fen": 5} for n, kind in enumerate(kinds)]
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
    found = compare(tmp_path, lambda card, purse, counter: entries if (card, purse, counter) == (CARD, 0, 0) else [])
    assert (found.lost, found.double) == (lost, double)
    assert bool(found.first) == bool(lost or double)


def test_counts_are_kept_by_terminal(tmp_path: Path) -> None:
    log(tmp_path, "pos-01", Kind.PURCHASE, Kind.PURCHASE)
    log(tmp_path, "load-01", Kind.LOAD)
    found = compare(tmp_path, lambda *_: ["purchase", "load_confirmed"])
    assert (found.taps, found.loads) == (2, 1)
    assert found.by_terminal == {"pos-01": (2, 0), "load-01": (0, 1)}


def test_a_cut_last_line_was_never_shown_and_a_damaged_one_is_an_error(tmp_path: Path) -> None:
    file = log(tmp_path, "pos-01", Kind.PURCHASE)
    whole = file.read_bytes()
    file.write_bytes(whole + whole[:-1])
    assert compare(tmp_path, lambda *_: ["purchase"]).taps == 1
    file.write_bytes(whole[:-5] + b"\n")
    with pytest.raises(StoreFault, match="line 1"):
        compare(tmp_path, lambda *_: [])


def test_no_terminals_no_figures(tmp_path: Path) -> None:
    assert compare(tmp_path, lambda *_: []).taps == 0
