"""The overview of a real ledger: what is stolen, and which boxes do not hold the list yet."""

from contextlib import closing
from pathlib import Path

from cloud.console.pages.home.overview import Overview
from cloud.ledger.held.thefts import Report
from cloud.ledger.ledger import open_ledger
from cloud.ledger.read.reader import Reader
from shared.wire.messages import BoxState, revocations_mark
from tests.cloud.ledger import campus as c

REPORT = Report(c.psam(1), body=True, since_s=c.T0, who="王五", reason="窗口被撬")


def test_a_theft_stands_there_until_it_is_found_and_every_box_knows(tmp_path: Path) -> None:
    with closing(open_ledger(str(tmp_path / "ledger.db"))) as ledger:
        ledger.import_inventory(c.inventory(), c.NOW)
        overview = Overview(Reader(ledger.database))
        quiet = overview.read(c.NOW.unix_ms)["thefts"]
        assert (quiet["version"], quiet["rows"], quiet["waiting"]) == (0, [], [])
        ledger.psam_stolen(REPORT, c.NOW)
        told = overview.read(c.NOW.unix_ms)["thefts"]
        assert told["rows"] == [
            {"psam": c.psam(1).hex(), "with_body": True, "since": "2026-07-23 11:00:00", "who": "王五",
             "terminal": "pos-01", "place": "1号窗口"}
        ]  # fmt: skip
        assert [box["box"] for box in told["waiting"]] == [c.BOX, c.OTHER_BOX]
        state = BoxState(c.BOX, c.STORE, 77, True, 0, 1000, 0, 0, 0, (), revocations_mark(ledger.revocations))
        ledger.store_state(c.BOX, state, 80)
        assert [box["box"] for box in overview.read(c.NOW.unix_ms)["thefts"]["waiting"]] == [c.OTHER_BOX]
        ledger.psam_found(c.psam(1), "王五", "在抽屉里", c.NOW)
        after = overview.read(c.NOW.unix_ms)["thefts"]
        assert (after["rows"], after["version"], len(after["waiting"])) == ([], 2, 2)


def test_a_fact_has_the_mark_of_its_level(tmp_path: Path) -> None:
    with closing(open_ledger(str(tmp_path / "ledger.db"))) as ledger:
        ledger.import_inventory(c.inventory(), c.NOW)
        ledger.psam_stolen(REPORT, c.NOW)
        ledger.set_hotlisted(c.card(1), True, c.NOW)
        marks = [fact["mark"] for fact in Overview(Reader(ledger.database)).read(c.NOW.unix_ms)["facts"]]
    assert marks == ["off", "bad"]
