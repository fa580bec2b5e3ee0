"""Taps that a terminal declined: n of its last m, by what it tallied since; too few, or of before, say nothing."""

from cloud.ledger.fleet.parameters.tallies import Life
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.terms import Kind, Source
from cloud.watch.alarms.watching import Watching
from cloud.watch.subjects.taps import STEPS_MAX, TAPS_MIN, WINDOW_MS, Taps
from shared.purse.reasons import Reason

TILL, DAY, MINUTE = b"\0\1\0\0\0\7", 9828, 60_000


def told(served: int, refused: int = 0, reason: Reason = Reason.CARD_REFUSED, boot: int = 1, day: int = DAY) -> Life:
    return Life((TILL, day, 0, boot), served, {int(reason): refused} if refused else {})


class Looks:
    """A watch that has begun; a look each time something was told."""

    def __init__(self, *before: Life) -> None:
        self.taps, self.watching, self.at_ms = Taps(), Watching(RULES), 10**9
        self.raised: list[str] = []
        self.over: list[str] = []
        self.look(*before)

    def look(self, *lives: Life, after_ms: int = MINUTE, day: int = DAY - 1) -> list[float | None]:
        self.at_ms += after_ms
        found = list(self.taps.of(lives, day, self.at_ms))
        for change in self.watching.read(found, is_meal=False):
            (self.raised if change.alarm.is_active else self.over).append(change.key.rule)
        assert {one.source for one in found} <= {Source(Kind.TERMINAL, TILL.hex())}
        return [one.value for one in found]


def test_a_till_at_which_every_card_refuses_is_an_alarm_and_one_that_sells_again_ends_it() -> None:
    looks = Looks()
    assert looks.look(told(0, TAPS_MIN - 1)) == [], "one odd card is presented again and again"
    assert looks.look(told(0, TAPS_MIN)) == [100]
    assert looks.raised == ["taps-declined"]
    looks.look(told(0, TAPS_MIN), told(TAPS_MIN, boot=2))
    assert looks.over == [], "half is neither"
    looks.look(told(4 * TAPS_MIN, boot=2))
    looks.look()
    assert (looks.raised, looks.over) == (["taps-declined"], ["taps-declined"])


def test_what_a_rule_refuses_says_nothing_of_the_till() -> None:
    looks = Looks()
    assert looks.look(told(0, 40, Reason.BALANCE)) == []
    assert looks.raised == []


def test_what_was_before_the_watch_began_is_not_known() -> None:
    looks = Looks(told(0, 100))
    assert looks.look(told(3, 100)) == []
    assert looks.look(told(TAPS_MIN, 100)) == [0]


def test_a_tap_counts_for_its_while_and_the_same_word_again_counts_nothing() -> None:
    looks = Looks()
    for _ in range(3):
        assert looks.look(told(0, TAPS_MIN)) == [100]
    assert looks.look(told(0, TAPS_MIN), after_ms=WINDOW_MS) == []


def test_little_is_remembered() -> None:
    looks = Looks()
    for n in range(STEPS_MAX + 9):
        looks.look(told(n), after_ms=1)
    assert looks.look(after_ms=1) == [0]
    assert max(len(steps) for steps in looks.taps._steps.values()) == STEPS_MAX
    looks.look(day=DAY + 1)
    assert looks.taps._known == {}
