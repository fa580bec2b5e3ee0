"""Whatever is done in whatever order, link, password, code, passkey, campus account, letter, loss, roster, birthday:

nobody sees whom sight.may forbids, what was ended answers `sign-in`, a report ends all devices of its holder, and no
refusal tells who is here. The roster of a world is kept here a second time, and everything is held against that.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from cloud.store.db import open_database
from cloud.wallet.back.answers import Answers
from cloud.wallet.back.context import Operation, Right
from cloud.wallet.back.losses.blocking import unblock
from cloud.wallet.back.losses.nights import take_nights
from cloud.wallet.back.rights import chosen
from cloud.wallet.back.table import OPERATIONS
from cloud.wallet.line.shapes import HOLDER
from cloud.wallet.people.persons import add_person, bind_guardian
from cloud.wallet.people.records.letters import make_letter
from cloud.wallet.people.roster import Holder, RosterGuardian, holder_of, take_roster
from cloud.wallet.people.schema import make_tables
from cloud.wallet.people.sessions import SESSIONS_MAX
from cloud.wallet.people.sight import DAY_S, FIRST_DAY, Bond, may
from cloud.wallet.settings import Binding
from cloud.wallet.sso.terms import Asserted, Begun
from shared.words.voice import Text
from tests.cloud.wallet.back.test_passkeys import PLACE, Device, added, shown
from tests.cloud.wallet.rig import Rig

WORLDS, STEPS = 4, 24
MINOR, TEEN, QUIET, NOBODY = "2026001", "2026002", "2026003", "2026999"
NAMES = {MINOR: "Lin Yi", TEEN: "Lin Er", QUIET: "Lin San"}
PHONES = {"mother": "13000000001", "father": "13000000002", "minor": "13000000003", "teen": "13000000004"}
OWN = {"minor": MINOR, "teen": TEEN}
QUIET_PHONE, NOBODY_S_PHONE = "13700000001", "13700000009"
PASS, KEPT, NO_CODE, NO_LETTER = "a good password", "11" * 32, "000000", "0000-0000-0000"
RIGHTS = (Right.SEES, Right.SETS, Right.TOPS_UP, Right.OWN)


@dataclass
class Campus:
    """A sign-on of the test's own: it says what it was told to say."""

    name: str = "oidc"
    label: Text = field(default_factory=lambda: Text("甲", "A"))
    says: Asserted = field(default_factory=lambda: Asserted("", ""))

    def begin(self, begun: Begun, home: str) -> str:
        return f"{home}{begun.state}"

    def asserted(self, _begun: Begun, _home: str, _code: str, _now_s: int) -> Asserted:
        return self.says


class World:
    """One school of two families, and what must be true of it."""

    def __init__(self, rig: Rig, seed: int) -> None:
        self.dice, self.seed, self.keys, self.campus = random.Random(seed), seed, 0, Campus()
        people = open_database(":memory:")
        make_tables(people)
        site = replace(
            rig.site, people=people, address=PLACE, binding=Binding.LETTER, sign_ons={"oidc": self.campus}
        )
        probes = {right.value: Operation(right, {"holder": HOLDER}, lambda *_: {}) for right in RIGHTS}
        self.rig = Rig(site, Answers(site, {**OPERATIONS, **probes}), rig.now)
        with rig.site.people.reading():
            labels = dict(rig.site.people.run("SELECT number, label FROM holder"))
        today = FIRST_DAY + timedelta(days=rig.now.campus_s // DAY_S)
        born = {MINOR: of_age(today, 12, 0), TEEN: of_age(today, 18, 2), QUIET: "2010-01-01"}
        self.holders = {one: Holder(one, NAMES[one], born[one], "", labels.get(one, "")) for one in NAMES}
        self.guards = {(MINOR, "mother"), (MINOR, "father"), (TEEN, "mother"), (TEEN, "father")}
        self.granted: set[str] = set()
        self.consents: set[str] = set()
        self.lost: set[str] = set()
        self.devices: list[tuple[str, str]] = []
        self.ended: set[str] = set()
        self.looked: set[str] = set()
        self.passkeys: dict[str, Device] = {}
        self.has_password: set[str] = set()
        with people.writing():
            self._take_roster()
            self.ids = {
                who: add_person(people, phone, who, OWN.get(who, ""), 0).id for who, phone in PHONES.items()
            }
            add_person(people, QUIET_PHONE, NAMES[QUIET], QUIET, 0)
            self._bind_all()
        for who in PHONES:
            self.link(who)
        assert self.sign_on("quiet", "his", QUIET) == {}
        self.seen = 0

    def _take_roster(self) -> None:
        guardians = [RosterGuardian(number, PHONES[who], who) for number, who in sorted(self.guards)]
        take_roster(self.rig.site.people, list(self.holders.values()), guardians)

    def _bind_all(self) -> None:
        for number, who in self.guards:
            bind_guardian(self.rig.site.people, self.ids[who], number, 0)

    def key(self) -> str:
        self.keys += 1
        return f"{self.seed:08x}{self.keys:024x}"

    # What may happen. Each tells what it expects where the answer is known.

    def fresh(self, who: str) -> str:
        """A device that is to sign in."""
        device = f"{who}-{len(self.devices)}"
        self.rig.session[device] = ""
        return device

    def signed(self, who: str, device: str, said: Any) -> None:
        if said == {}:
            self.devices.append((who, device))
            for old in self.alive(who)[:-SESSIONS_MAX]:
                self.ended.add(old)

    def alive(self, who: str) -> list[str]:
        """Signed in last stands last, as every one of them asks after each step."""
        return [device for owner, device in self.devices if owner == who and device not in self.ended]

    def link(self, who: str) -> None:
        self.rig.signed(device := self.fresh(who), self.ids[who])
        self.signed(who, device, {})

    def password_set(self, who: str) -> None:
        self.link(who)
        device = self.alive(who)[-1]
        assert self.rig.ask("password", device, password=PASS) == {}
        self.has_password.add(who)
        self.ended |= set(self.alive(who)) - {device}

    def by_password(self, who: str) -> None:
        device = self.fresh(who)
        said = self.rig.ask("sign-in/password", device, phone=PHONES[who], password=PASS)
        assert said == ({} if who in self.has_password else "wrong")
        self.signed(who, device, said)
        self.rig.later(300)

    def by_code(self, who: str) -> None:
        if self.rig.ask("sign-in/send-code", phone=PHONES[who]) == {}:
            device = self.fresh(who)
            said = self.rig.ask("sign-in/code", device, phone=PHONES[who], code=self.rig.code())
            assert said == {}
            self.signed(who, device, said)

    def passkey_in(self, who: str) -> None:
        if who not in self.passkeys:
            self.link(who)
            self.passkeys[who] = Device()
            assert added(self.rig, self.passkeys[who], self.alive(who)[-1]) == {}
        device = self.fresh(who)
        said = shown(self.rig, self.passkeys[who], device)
        assert said == ("blocked" if OWN.get(who) in self.lost else {})
        self.signed(who, device, said)

    def passkey_out(self, who: str) -> None:
        key = self.passkeys.pop(who, None)
        if key is not None:
            self.link(who)
            assert self.rig.ask("passkeys/end", self.alive(who)[-1], key=key.id.hex()) == {"ended": True}
            assert shown(self.rig, key, "thief") == shown(self.rig, Device(), "thief") == "wrong"

    def sign_on(self, who: str, subject: str, number: str) -> Any:
        self.campus.says = Asserted(subject, number)
        url = self.rig.ask("sign-in/sso/begin", provider="oidc", kept=KEPT)["url"]
        state = url.removeprefix(f"{PLACE}/")
        return self.rig.ask("sign-in/sso/finish", who, state=state, code="c", kept=KEPT)

    def by_campus(self, who: str) -> None:
        if who in OWN:
            device = self.fresh(who)
            said = self.sign_on(device, who, OWN[who])
            assert said == ("blocked" if OWN[who] in self.lost else {})
            self.signed(who, device, said)
            assert self.sign_on("thief", "another", OWN[who]) == "wrong"

    def by_letter(self, who: str) -> None:
        number = OWN.get(who) or self.dice.choice((MINOR, TEEN))
        with self.rig.site.people.writing():
            code = make_letter(self.rig.site.people, number, self.rig.now.unix_ms)
        given = {"phone": PHONES[who], "number": number}
        if self.rig.ask("bind/begin", name=NAMES[number], letter=code, **given) == {}:
            device = self.fresh(who)
            said = self.rig.ask("bind/finish", device, code=self.rig.code(), password=PASS, **given)
            assert said == ({} if who in OWN or (number, who) in self.guards else "wrong")
            if said == {}:
                self.ended |= set(self.alive(who))
                self.has_password.add(who)
            self.signed(who, device, said)

    def lost_night(self, who: str) -> None:
        number = OWN.get(who, TEEN)
        one = self.holders[number]
        said = self.rig.ask("lost-night", number=number, name=one.name, born=one.born, key=self.key())
        if said == {}:
            assert take_nights(self.rig.site, self.rig.now) > 0
            self.lost.add(number)
            self.ended |= {device for owner, device in self.devices if OWN.get(owner) == number}

    def found(self, who: str) -> None:
        self.link(who)
        number = OWN.get(who, MINOR)
        said = self.rig.ask("lost/cancel", self.alive(who)[-1], holder=number, key=self.key())
        if isinstance(said, dict):
            self.lost.discard(number)

    def device_ends(self, who: str) -> None:
        self.link(who)
        mine, other = self.alive(who)[-1], self.dice.choice(self.alive(who))
        for one in self.rig.ask("devices", other):
            if one["this"]:
                assert self.rig.ask("devices/end", mine, key=one["key"]) == {"ended": True}
                self.ended.add(other)

    def roster(self, who: str) -> None:
        """A guardian goes, or comes back; whoever binds him stands at the desk."""
        guard = (self.dice.choice((MINOR, TEEN)), "father" if who in OWN else who)
        self.guards ^= {guard}
        with self.rig.site.people.writing():
            self._take_roster()
            self._bind_all()

    def day(self, _: str) -> None:
        self.rig.later(DAY_S)

    def word(self, who: str) -> None:
        """Consent of a guardian; a grant of one of age. As far as they are let."""
        self.link(who)
        given = self.dice.random() < 0.5
        if who == "teen":
            if isinstance(self.rig.ask("grant", self.alive(who)[-1], person=self.ids["mother"], given=given), dict):
                (self.granted.add if given else self.granted.discard)("mother")
        elif who != "minor":
            said = self.rig.ask("consent", self.alive(who)[-1], holder=MINOR, given=given)
            if isinstance(said, dict):
                (self.consents.add if given else self.consents.discard)(who)

    # What must be true after each.

    def laws(self) -> None:
        for device in {*(self.ended - self.looked), *self.dice.sample(sorted(self.ended), min(2, len(self.ended)))}:
            assert self.rig.ask("me", device) == "sign-in", device
        self.looked |= self.ended
        for who in PHONES:
            alive = self.alive(who)
            for device in alive:
                assert isinstance(self.rig.ask("me", device), dict), device
            for number in (MINOR, TEEN) if alive else ():
                right = self.dice.choice(RIGHTS)
                if self.rig.ask(right.value, alive[-1], holder=number) == {}:
                    assert self.let(who, number, right), (who, number, right)
                    self.seen += 1
            assert not alive or self.rig.ask("sees", alive[-1], holder=QUIET) == "not-yours"
        self.rig.later(1)
        here, gone = self.refused(QUIET, QUIET_PHONE), self.refused(NOBODY, NOBODY_S_PHONE)
        ask = self.dice.choice(list(here))
        assert here[ask]() == gone[ask](), ask

    def let(self, who: str, number: str, right: Right) -> bool:
        born, now_s = self.holders[number].born, self.rig.now.campus_s
        if OWN.get(who) == number:
            blocked = right is Right.OWN and number in self.lost
            agreed = any((number, one) in self.guards for one in self.consents)
            return not blocked and (number == TEEN or agreed or right is Right.TOPS_UP)
        bond = Bond.GRANTED if number == TEEN and who in self.granted else Bond.GUARDIAN
        return (number, who) in self.guards and may(right.value, bond, born, now_s)

    def refused(self, number: str, phone: str) -> dict[str, Callable[[], Any]]:
        answer, who = self.rig.answer, {"number": number, "phone": phone}
        return {
            "password": lambda: answer("sign-in/password", phone=phone, password="x" * 8),
            "number": lambda: answer("sign-in/number", number=number, password="x" * 8),
            "send": lambda: answer("sign-in/send-code", phone=phone),
            "code": lambda: answer("sign-in/code", phone=phone, code=NO_CODE),
            "begin": lambda: answer("bind/begin", name="x", letter=NO_LETTER, **who),
            "mistyped": lambda: answer("bind/begin", name="x", letter="0" * 12 + "1", **who),
            "finish": lambda: answer("bind/finish", code=NO_CODE, password="x" * 8, **who),
            "night": lambda: answer("lost-night", number=number, name="x", born="2010-01-01", key=self.key()),
            "campus": lambda: self.sign_on("thief", "another", number),
        }

    def close(self) -> None:
        """The ledger is the next world's, too."""
        for number in (MINOR, TEEN):
            with self.rig.site.people.reading():
                holder = holder_of(self.rig.site.people, number)
            assert holder is not None
            whose = chosen(self.rig.site.ledger.database, holder, is_own=False)
            unblock(self.rig.site, whose, 1, bytes.fromhex(self.key()), self.rig.now)
        self.rig.site.people.close()


def of_age(today: date, years: int, days: int) -> str:
    """Born so that in so many days he is so many years old."""
    day = today + timedelta(days=days)
    return day.replace(year=day.year - years).isoformat()


DEEDS = (
    World.link, World.password_set, World.by_password, World.by_code, World.passkey_in, World.passkey_out,
    World.by_campus, World.by_letter, World.lost_night, World.found, World.device_ends, World.roster, World.day,
    World.word,
)  # fmt: skip


def test_the_laws_of_identity_hold_in_whatever_order_it_happens(rig: Rig) -> None:
    seen = 0
    for seed in range(1, WORLDS + 1):
        world = World(rig, seed)
        done = []
        for _ in range(STEPS):
            deed, who = world.dice.choice(DEEDS), world.dice.choice(list(PHONES))
            done.append(f"{deed.__name__}({who})")
            try:
                deed(world, who)
                world.laws()
            except AssertionError as fault:
                raise AssertionError(f"world {seed}: {', '.join(done)}: {fault}") from fault
        world.close()
        rig.now = world.rig.now
        rig.later(DAY_S)
        seen += world.seen
    assert seen > WORLDS * STEPS, "most are let see somebody"
