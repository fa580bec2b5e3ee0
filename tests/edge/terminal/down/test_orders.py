"""An order is done once or not at all, wherever the power goes, and its answer is there at every join."""

import random

import pytest

from edge.terminal.down import orders as o
from edge.terminal.down.orders import NAME, Answer, Orders, OrderState, read_state
from edge.terminal.store.papers import MemoryPapers
from shared.errors import WireFault
from shared.fleet.order import (
    Cancel,
    Deed,
    Foreign,
    Locate,
    Lock,
    Order,
    Reboot,
    Reread,
    Silence,
    Unlock,
    late_word,
)
from shared.wire.fleet_lane import Verdict

NOW_S = 848_000_000
WAITS = (Reboot(), Reread(1, 1, 9))


class PowerCut(Exception):
    """Here."""


class Site:
    """Orders of a body, and what was done of them."""

    def __init__(self) -> None:
        self.papers = MemoryPapers()
        self.done: list[Deed] = []
        self.generation, self.order = 0, Order(Unlock())
        self.boot()

    def boot(self) -> None:
        self.orders = Orders(self.papers)
        self.orders.boot(self.generation, self.order if self.generation else None)

    def ordered(self, deed: Deed, expires: int = 0, campus_s: int | None = NOW_S) -> Answer | None:
        self.generation, self.order = self.generation + 1, Order(deed, expires)
        return self.go_on(campus_s)

    def go_on(self, campus_s: int | None = NOW_S, mono_s: float = 0.0) -> Answer | None:
        return self.orders.begin(self.generation, self.order, campus_s, mono_s, self._act)

    def _act(self, deed: Deed) -> Answer | None:
        self.done.append(deed)
        return None if deed in WAITS else Answer(Verdict.IN_USE, b"ok")

    @property
    def word(self) -> tuple[Verdict, bytes]:
        return self.orders.word(self.generation)


@pytest.fixture
def site() -> Site:
    return Site()


def test_an_order_is_done_once_and_answered_at_every_join(site: Site) -> None:
    site.ordered(Locate(5))
    for _ in range(3):
        assert (site.go_on(), site.done, site.word) == (None, [Locate(5)], (Verdict.IN_USE, b"ok"))
        site.boot()


def test_a_lock_is_durable_and_an_unlock_takes_it_off(site: Site) -> None:
    assert site.orders.lock is None
    site.ordered(Lock("盘点"))
    site.boot()
    assert (site.orders.lock, site.word, site.done) == ("盘点", (Verdict.IN_USE, b""), [])
    site.ordered(Locate(5))
    assert site.orders.lock == "盘点", "other orders do not touch it"
    site.ordered(Unlock())
    site.boot()
    assert site.orders.lock is None


def test_a_restart_is_asked_for_once_and_done_by_the_boot(site: Site) -> None:
    assert site.ordered(Reboot()) is None
    assert (site.word, site.orders.is_running) == ((Verdict.STORED, b""), True)
    assert site.go_on() is None, "it waits for the boot"
    site.boot()
    assert (site.word, site.orders.is_running, site.go_on(), site.done) == (
        (Verdict.IN_USE, b""), False, None, [Reboot()],
    )  # fmt: skip


def test_what_was_cut_off_is_said_and_not_begun_again(site: Site) -> None:
    site.ordered(Reread(1, 1, 9))
    site.boot()
    assert (site.word, site.go_on(), site.done) == ((Verdict.REFUSED, o.CUT), None, [Reread(1, 1, 9)])


@pytest.mark.parametrize("deed", [Lock("x"), Unlock(), Locate(5), Silence(9), Reboot(), Reread(1, 1, 9), Cancel(1)])
@pytest.mark.parametrize("blows_at", range(4))
@pytest.mark.parametrize("is_after", [False, True])
def test_wherever_the_power_goes_it_is_once_or_not_at_all(deed: Deed, blows_at: int, is_after: bool) -> None:
    site, left = Site(), [blows_at]
    site.ordered(Lock("before"))

    def keep(name: str, raw: bytes) -> None:
        if is_after:
            site.papers.held[name] = raw
        left[0] -= 1
        if left[0] < 0:
            raise PowerCut
        site.papers.held[name] = raw

    site.papers.keep = keep  # type: ignore[method-assign]
    try:
        site.ordered(deed)
    except PowerCut:
        left[0] = 99
        site.boot()
    left[0] = 99
    for _ in range(3):
        site.go_on()
        if site.orders.is_running:
            site.orders.answer(Answer(Verdict.IN_USE), 0.0)
        site.boot()
    assert site.done.count(deed) <= 1
    assert site.word[0] is not Verdict.STORED, "it is answered in the end"
    if site.word[0] is Verdict.IN_USE and not isinstance(deed, Lock | Unlock | Cancel | Reboot):
        assert site.done == [deed], "said to be done, and done"
    assert site.orders.lock == {Lock("x"): "x", Unlock(): None}.get(deed, "before")


def test_an_order_whose_time_has_passed_is_not_begun(site: Site) -> None:
    answer = site.ordered(Locate(5), expires=NOW_S - 1)
    assert answer is not None
    assert answer.verdict is Verdict.EXPIRED
    site.ordered(Lock("x"), expires=NOW_S - 1)
    assert (site.done, site.orders.lock, site.word) == ([], None, (Verdict.EXPIRED, o.EXPIRED))
    site.ordered(Locate(5), expires=NOW_S)
    assert site.done == [Locate(5)]
    site.ordered(Locate(6), expires=NOW_S, campus_s=None)
    assert (site.done, site.word) == ([Locate(5)], (Verdict.EXPIRED, o.NO_CLOCK))
    site.ordered(Locate(7), campus_s=None)
    assert site.done == [Locate(5), Locate(7)], "what never expires asks for no clock"


def test_what_this_body_cannot_do_is_said(site: Site) -> None:
    site.ordered(Foreign(99, b""))
    assert (site.done, site.word[0]) == ([], Verdict.UNSUPPORTED)


def test_a_cancel_comes_in_time_or_says_what_became_of_it(site: Site) -> None:
    site.ordered(Lock("x"))
    site.ordered(Cancel(1))
    assert (site.word[0], late_word(site.word[1]), site.orders.lock) == (Verdict.REFUSED, "in_use", "x")
    site.generation += 1
    missed = site.generation
    site.ordered(Cancel(missed))
    assert site.word == (Verdict.IN_USE, o.NEVER)
    assert site.orders.begin(missed, Order(Unlock()), NOW_S, 0.0, site._act) is None
    assert (site.orders.lock, site.orders.word(missed)) == ("x", (Verdict.REFUSED, o.OLDER))
    site.ordered(Cancel(1))
    assert late_word(site.word[1]) == "passed"


def test_nothing_is_done_that_cannot_be_written(site: Site) -> None:
    site.papers.is_full = True
    assert site.ordered(Locate(5)) is None
    assert site.ordered(Lock("x")) is None
    assert (site.done, site.orders.lock, site.word) == ([], None, (Verdict.STORED, b""))
    site.papers.is_full = False
    assert site.go_on(mono_s=o.AGAIN_S - 1) is None
    assert site.orders.due_s(site.generation) == o.AGAIN_S
    assert site.go_on(mono_s=o.AGAIN_S) == Answer(Verdict.IN_USE)
    assert site.orders.due_s(site.generation) == float("inf")


def test_an_answer_that_cannot_be_written_is_not_said(site: Site) -> None:
    """Said first and forgotten by a power cut, the next one would be another."""
    assert site.ordered(Reread(1, 1, 9)) is None
    site.papers.is_full = True
    assert site.orders.answer(Answer(Verdict.IN_USE, b"sent 9 of 9"), 50.0) is None
    assert (site.word, site.orders.is_running) == ((Verdict.STORED, b""), False)
    assert (site.orders.due_s(site.generation), site.orders.unkept(50.0 + o.AGAIN_S)) == (50.0 + o.AGAIN_S, None)
    site.papers.is_full = False
    assert site.orders.unkept(50.0 + 2 * o.AGAIN_S) == Answer(Verdict.IN_USE, b"sent 9 of 9")
    assert site.word == (Verdict.IN_USE, b"sent 9 of 9")
    assert (site.orders.due_s(site.generation), site.orders.unkept(99.0)) == (float("inf"), None)


@pytest.mark.parametrize("seed", range(40))
def test_what_a_medium_has_spoilt_is_answered_as_lost_and_not_begun_again(seed: int) -> None:
    site, chance = Site(), random.Random(seed)
    site.ordered(Lock("why"))
    raw = bytearray(site.papers.held[NAME])
    raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    site.papers.held[NAME] = bytes(raw[: chance.choice([len(raw), chance.randrange(len(raw))])])
    site.boot()
    assert (site.orders.damaged, site.word, site.orders.lock) == (1, (Verdict.REFUSED, o.LOST), "why")
    assert site.go_on() is None


def test_the_bytes_of_the_state_are_frozen() -> None:
    state = OrderState(7, True, Verdict.REFUSED, b"no", "盘")
    assert state.encode().hex() == "01" + "00000007" + "01" + "10" + "01" + "03" + "02" + "e79b98" + "6e6f" + "915df109"
    assert read_state(state.encode()) == state
    assert read_state(OrderState().encode()) == OrderState()
    with pytest.raises(WireFault):
        read_state(b"")
