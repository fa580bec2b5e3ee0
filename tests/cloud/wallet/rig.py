"""The accounts service without its HTTP: a real ledger of the small campus, a real file of people, one parent."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.process.settings import FOLDER
from cloud.wallet.back.answers import Answers
from cloud.wallet.back.context import Later, Site
from cloud.wallet.back.opening import open_people
from cloud.wallet.back.table import OPERATIONS
from cloud.wallet.line.calls import Answer, Ask, Caller, encode_ask
from cloud.wallet.people.persons import add_person, bind_guardian
from cloud.wallet.people.roster import Holder, RosterGuardian, take_roster
from cloud.wallet.people.sessions import make_link
from tests.cloud.ledger import campus as c

CHILD, OTHER, ADULT, CARDLESS = "2026001", "2026002", "2026003", "2026004"
PHONE = "13800000001"
BORN = {CHILD: "2016-05-01", OTHER: "2016-05-01", ADULT: "2000-05-01", CARDLESS: "2016-05-01"}
KEY = "ab" * 16


@dataclass
class Rig:
    """parent: of CHILD, ADULT and CARDLESS. ledger: to book into; the accounts see it at once."""

    ledger: Ledger
    site: Site
    answers: Answers
    parent: int
    now: Any = c.NOW

    def ask(self, operation: str, session: str = "", **arguments: Any) -> Answer:
        """One call, hashes and all."""
        caller = Caller("192.0.2.1", "phone", "", session)
        found = self.answers.begin(encode_ask(Ask(operation, arguments, caller)), self.now)
        while isinstance(found, Later):
            found = self.answers.go_on(found, found.work())
        return found

    def signed_in(self, person: int | None = None) -> str:
        """The token of a session that was opened by a link."""
        with self.site.people.writing():
            link = make_link(self.site.people, person or self.parent, self.now.unix_ms)
        said = self.ask("sign-in/link", token=link)
        assert said.session, said
        return said.session


@contextmanager
def made(folder: Path) -> Iterator[Rig]:
    """In a folder of its own."""
    (folder / FOLDER).mkdir()
    dsn = str(folder / FOLDER / "ledger.db")
    ledger = open_ledger(dsn, c.LEDGER_ID)
    ledger.import_inventory(c.inventory(), c.NOW)
    site = Site(open_prepared(dsn), open_people(folder))
    with site.ledger.database.reading():
        labels = [label for (label,) in site.ledger.database.run("SELECT label FROM card ORDER BY label")]
    with site.people.writing():
        take_roster(
            site.people,
            [Holder(number, f"同学{number}", BORN[number], "一班", label)
             for number, label in zip((CHILD, OTHER, ADULT, CARDLESS), (*labels[:3], ""), strict=True)],
            [RosterGuardian(number, PHONE, "家长") for number in (CHILD, ADULT, CARDLESS)],
        )  # fmt: skip
        parent = add_person(site.people, PHONE, "家长", "", c.NOW.unix_ms).id
        for number in (CHILD, ADULT, CARDLESS):
            bind_guardian(site.people, parent, number, c.NOW.unix_ms)
    yield Rig(ledger, site, Answers(site, OPERATIONS), parent)
    site.ledger.close()
    site.people.close()
    ledger.close()
