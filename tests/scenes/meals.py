"""What scenes with emergency meals 应急餐 have in common: a roster, a list that comes, sums that must be true."""

import json
from typing import Any

from shared.fleet.document import DocumentKind
from tests.scenes.campus import Campus
from tests.scenes.plans import STRANGER, command

ADA, BEN, CAT, DAN, NOBODY = "20260001", "20260002", "20260003", "20260004", "20269999"
PERSONS = (ADA, BEN, CAT, DAN)
FEN = 15_00
FIRST, SECOND = "李主管", "王会计"


def enrol(campus: Campus) -> None:
    """Ada has the card that nobody uses; the others have none."""
    cards = {ADA: STRANGER}
    rows = "".join(f"{number},{cards.get(number, '')},一班\n" for number in PERSONS)
    file = campus.data / "roster.csv"
    file.write_text(f"学号,卡号,班级\n{rows}", encoding="utf-8")
    said = command("cloud", "roster", file, "--who", FIRST, "--data", campus.data)
    assert f"{len(PERSONS)} 人有变" in said, said


async def until_listed(campus: Campus, *tills: str) -> None:
    """Their tills use the list of who is enrolled."""
    folder = campus.data / "terminals"
    wanted = {bytes.fromhex(json.loads((folder / one / "terminal.json").read_text())["device"]) for one in tills}
    sql = "SELECT device FROM document_reported WHERE kind = ? AND generation > 0"
    await campus.until(
        "tills use the list", lambda: wanted <= {bytes(row[0]) for row in campus.asked(sql, int(DocumentKind.ENROLLED))}
    )


def sheet(campus: Campus, *numbers: str) -> Any:
    """A file of paper."""
    file = campus.data / "sheet.csv"
    file.write_text("学号\n" + "".join(f"{number}\n" for number in numbers), encoding="utf-8")
    return file


def given(campus: Campus) -> list[tuple[str, int, bool, int]]:
    """Number, sum, from paper?, bits of what is beyond; of each that is posted."""
    rows = campus.asked(
        "SELECT number, fen, record IS NULL, beyond FROM meal WHERE entry IS NOT NULL ORDER BY number, id"
    )
    return [(number, fen, bool(paper), beyond) for number, fen, paper, beyond in rows]


def owed(campus: Campus) -> dict[str, int]:
    """By whoever owes anything."""
    return dict(campus.asked("SELECT number, owed_fen FROM person WHERE owed_fen > 0 ORDER BY number"))


def require_meals(campus: Campus) -> None:
    """Each that a till has shown is posted once: none is lost, none is double."""
    shown = [
        (bytes.fromhex(json.loads((log.parent / "terminal.json").read_text())["device"]), line["epoch"], line["seq"])
        for log in sorted((campus.data / "terminals").glob("*/shown.log"))
        for line in map(json.loads, log.read_text().splitlines())
        if line["kind"] == 18
    ]
    rows = campus.asked("SELECT r.key FROM meal m JOIN record r ON r.id = m.record WHERE m.entry IS NOT NULL")
    keys = [bytes(key) for (key,) in rows]
    wanted = [device + epoch.to_bytes(2, "big") + seq.to_bytes(4, "big") for device, epoch, seq in shown]
    assert sorted(keys) == sorted(wanted), f"{len(wanted)} shown, {len(keys)} posted"
