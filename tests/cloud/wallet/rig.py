"""An accounts service without a socket: a ledger of its own, a roster, and calls as the front would pass them on."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jsonschema_rs

from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.ledger import Ledger
from cloud.ledger.records.values import Now
from cloud.open.documents.wallet_answers import ANSWERS, WALLET_SCHEMAS, answer_of
from cloud.store.db import open_database
from cloud.wallet.back.answers import Answers
from cloud.wallet.back.context import Later, Site
from cloud.wallet.back.rights import chosen
from cloud.wallet.back.table import OPERATIONS
from cloud.wallet.line.calls import Answer, Ask, Caller, encode_ask
from cloud.wallet.people.persons import add_person, bind_guardian
from cloud.wallet.people.roster import Holder, RosterGuardian, holder_of, take_roster
from cloud.wallet.people.schema import make_tables
from cloud.wallet.people.sessions import make_link
from shared.clocks.clock import parse_time
from shared.ids import CardId

CAMPUS_S = parse_time("2026-09-15 12:00:00")
MOTHER, FATHER, PUPIL_PHONE = "13000000001", "13000000002", "13000000003"
CHILD = ("2026001", "Lin Yi", "2014-05-01")
GROWN = ("2026002", "Lin Er", "2008-09-16")
"""Of age tomorrow."""


@dataclass
class Rig:
    site: Site
    answers: Answers
    now: Now = field(default_factory=lambda: Now(1_000_000_000_000, CAMPUS_S))
    session: dict[str, str] = field(default_factory=dict)
    """Who → the token of his cookie. Each answer that any test hears is held against the published shape."""
    address: str = "10.0.0.1"
    """From where all of them ask."""

    def ask(self, operation: str, who: str = "", **arguments: Any) -> Any:
        """The value; the problem's code when it was refused."""
        answer = self.answer(operation, who, **arguments)
        return answer.problem.code if answer.problem else answer.value

    def answer(self, operation: str, who: str = "", **arguments: Any) -> Answer:
        caller = Caller(self.address, "a phone", "https://wallet", self.session.get(who, ""))
        found = self.answers.begin(encode_ask(Ask(operation, arguments, caller)), self.now)
        while isinstance(found, Later):
            found = self.answers.go_on(found, found.work())
        if found.session is not None and who:
            self.session[who] = found.session
        if found.problem is None and operation in ANSWERS:
            written(operation).validate(found.value)
        return found

    def later(self, seconds: int) -> None:
        self.now = Now(self.now.unix_ms + 1000 * seconds, self.now.campus_s + seconds)

    def signed(self, who: str, person: int) -> None:
        """By a link of his."""
        with self.site.people.writing():
            token = make_link(self.site.people, person, self.now.unix_ms)
        assert self.ask("sign-in/link", who, token=token) == {}

    def code(self) -> str:
        """The figures of the SMS that was written last."""
        with self.site.people.reading():
            ((text,),) = self.site.people.run("SELECT text FROM sms ORDER BY id DESC LIMIT 1")
        return "".join(one for one in text if one.isdigit())[:6]

    def sms(self) -> int:
        with self.site.people.reading():
            return self.site.people.run("SELECT COUNT(*) FROM sms")[0][0]


@cache
def written(operation: str) -> jsonschema_rs.Validator:
    """What wallet.json says that it answers."""
    components = {"schemas": dict(WALLET_SCHEMAS)}
    return jsonschema_rs.validator_for(answer_of(operation) | {"components": components})


def make_rig(dsn: str, labels: list[str]) -> Rig:
    """Mother and father of a child and of one who is of age tomorrow; they have signed in. Persons 1 and 2."""
    people = open_database(":memory:")
    make_tables(people)
    site = Site(open_prepared(dsn), people)
    holders = [Holder(*one, "Class 1", label) for one, label in zip((CHILD, GROWN), labels, strict=False)]
    guardians = [RosterGuardian(one[0], phone, "Lin") for one in (CHILD, GROWN) for phone in (MOTHER, FATHER)]
    rig = Rig(site, Answers(site, OPERATIONS))
    with people.writing():
        take_roster(people, holders, guardians)
        for phone in (MOTHER, FATHER):
            person = add_person(people, phone, "Lin", "", 0)
            for one in (CHILD, GROWN):
                bind_guardian(people, person.id, one[0], 0)
    rig.signed("mother", 1)
    rig.signed("father", 2)
    return rig


def add_child(rig: Rig, fen: int) -> CardId:
    """The child has signed in himself, as "child", and so much is in his account."""
    with rig.site.people.writing():
        holder = holder_of(rig.site.people, CHILD[0])
        person = add_person(rig.site.people, "", CHILD[1], CHILD[0], 0)
    rig.signed("child", person.id)
    assert holder is not None
    card = chosen(rig.site.ledger.database, holder, is_own=True).card
    assert card is not None
    Ledger(rig.site.ledger).deposit(card, fen, "k", rig.now)
    return card
