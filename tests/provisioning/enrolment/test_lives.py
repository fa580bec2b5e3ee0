"""Lives of one box, by seed: codes, kills, thieves, renewals, revocations in any order; and laws that always hold.

A kill is what it is for the signer: what was kept is there, what was only decided is not. Each planted defect is found.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from provisioning.enrolment import register
from provisioning.enrolment.register import Again, BoxRecord, Issued, Order, Sign, Step

SEEDS = 60
STEPS = 120
KEYS = [b"key-%d" % n for n in range(4)]
LIFE_S = 400 * 86_400


class LawBroken(AssertionError):
    pass


@dataclass
class World:
    """The signer's side as it is kept, and what was said to whom."""

    chance: random.Random
    record: BoxRecord = field(default_factory=lambda: BoxRecord("canteen-1"))
    now_s: int = 1_000
    serial: int = 0
    said: dict[tuple[str, bytes], set[bytes]] = field(default_factory=dict)
    out: set[int] = field(default_factory=set)

    def step(self) -> None:
        act = self.chance.choices(
            (self.add, self.ask, self.compare, self.renew, self.revoke, self.cancel, self.wait), (3, 12, 3, 4, 1, 1, 2)
        )[0]
        act()
        self.require()

    def keep(self, record: BoxRecord) -> None:
        self.record = register.decode(register.encode(record))

    def add(self) -> None:
        code = f"{self.chance.randrange(10**4):04d}"
        order = Order(code, bytes(32), "王老师", self.now_s, self.now_s + 3_600, self.chance.random() < 0.3)
        self.keep(register.add_order(self.record, order))

    def ask(self) -> None:
        key, is_killed = self.chance.choice(KEYS), self.chance.random() < 0.3
        proven, typed = self.chance.random() < 0.9, self.chance.random() < 0.3
        after, outcome = register.asked(self.record, key, self.now_s, proven=proven, typed=typed)
        self.keep(after)
        order = self.record.order
        if outcome == Sign() and order is not None:
            if not proven or self.now_s >= order.expires_s or order.wrong >= register.WRONG_MAX:
                raise LawBroken("signed for a code that is worth nothing")
            if (typed or order.approve) and order.step is not Step.APPROVED:
                raise LawBroken("signed before a person has compared")
            if is_killed:
                return
            issued = self.issued(key)
            self.keep(register.enrolled(self.record, issued))
            outcome = Again(issued.certificate)
        if isinstance(outcome, Again) and order is not None and not is_killed:
            if not proven:
                raise LawBroken("said to who has not the code")
            self.said.setdefault((order.id, key), set()).add(outcome.certificate)

    def issued(self, key: bytes) -> Issued:
        self.serial += 1
        return Issued(self.serial, key, self.now_s, self.now_s + LIFE_S, b"pem-%d" % self.serial)

    def compare(self) -> None:
        order = self.record.order
        if order is not None and order.step is Step.WAITING:
            self.keep(register.compared(self.record, order.spki, same=self.chance.random() < 0.7))

    def renew(self) -> None:
        """Time goes on: what was said for a code is of the life before it."""
        current = self.record.current
        if current is not None:
            self.keep(register.renewed(self.record, self.issued(current.spki)))
            self.said.clear()

    def revoke(self) -> None:
        self.keep(register.revoked(self.record, self.now_s, "被盗"))

    def cancel(self) -> None:
        self.keep(register.cancelled(self.record))

    def wait(self) -> None:
        self.now_s += self.chance.choice((60, 1_800, 4_000))

    def require(self) -> None:
        if any(len(certificates) > 1 for certificates in self.said.values()):
            raise LawBroken("two certificates for one life")
        if len({one.spki for one in self.record.issued if not one.revoked_s}) > 1:
            raise LawBroken("two machines in one place")
        revoked = set(self.record.revoked)
        if not self.out <= revoked:
            raise LawBroken("a revocation was taken back")
        if revoked - self.out and not self.record.owed:
            raise LawBroken("a session of a revoked certificate is nobody's to cut")
        self.out = revoked


def live(seed: int) -> None:
    world = World(random.Random(seed))
    for _ in range(STEPS):
        world.step()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_laws_hold(seed: int) -> None:
    live(seed)


def _keeps_old(record: BoxRecord, issued: Issued) -> BoxRecord:
    done = replace(record.order, step=Step.ISSUED) if record.order else None
    return replace(record, order=done, issued=(*record.issued, issued))


def _takes_back(record: BoxRecord, issued: Issued) -> BoxRecord:
    done = replace(record.order, step=Step.ISSUED) if record.order else None
    return replace(record, order=done, issued=(issued,), owed=True)


def _signs_again(asked: Callable) -> Callable:
    def act(record: BoxRecord, spki: bytes, now_s: int, **how: bool):
        after, outcome = asked(record, spki, now_s, **how)
        return after, Sign() if isinstance(outcome, Again) else outcome

    return act


def _binds_nobody(asked: Callable) -> Callable:
    def act(record: BoxRecord, spki: bytes, now_s: int, **how: bool):
        order = record.order
        if order is not None and order.step is Step.APPROVED and how["proven"]:
            return record, Sign()
        return asked(record, spki, now_s, **how)

    return act


DEFECTS = {
    "the old machine stays": ("enrolled", lambda _: _keeps_old),
    "old serials are forgotten": ("enrolled", lambda _: _takes_back),
    "asked again, signed again": ("asked", _signs_again),
    "an approved code has no hours": ("asked", _binds_nobody),
    "a revoked session is not owed": ("revoked", lambda real: lambda *words: replace(real(*words), owed=False)),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_each_planted_defect_is_found(defect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, plant = DEFECTS[defect]
    monkeypatch.setattr(register, name, plant(getattr(register, name)))
    with pytest.raises(LawBroken):
        _live_all()


def _live_all() -> None:
    for seed in range(SEEDS):
        live(seed)
