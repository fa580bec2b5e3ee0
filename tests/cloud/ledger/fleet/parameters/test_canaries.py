"""A canary is judged by what its terminals tell: what it ends in was signed with its push, and is made by nobody."""

import pytest

from cloud.ledger.checks.fleet.parameters import check_parameters
from cloud.ledger.fleet.parameters.rows import Push, PushKind
from cloud.ledger.fleet.parameters.tallies import KEPT_DAYS, tallies
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now
from cloud.parameters.canary import GO_ON_S, QUIET_S, Word
from shared.fleet.parameters import Limits
from shared.ids import BoxId, DeviceId
from shared.wire.fleet_lane import Declines, Tallied
from tests.cloud.ledger.campus import BOX, DAY_S, FAR, LOADER, NOW, OTHER_BOX, POS, POS2
from tests.cloud.ledger.fleet.parameters.test_pushing import Office, campus_file

TODAY = NOW.campus_s // DAY_S
HOUR = 3600


def after(seconds: int) -> Now:
    return Now(NOW.unix_ms + seconds * 1000, NOW.campus_s + seconds)


class Watch(Office):
    """An office whose terminals count."""

    def tell(
        self, device: DeviceId, generation: int, served: int, declined: int = 0, *, day: int = TODAY, boot: int = 1,
        box: BoxId = BOX,
    ) -> None:  # fmt: skip
        declines = (Declines(23, declined),) if declined else ()
        self.parameters.tallied(box, Tallied(device, boot, day, generation, served, declines), NOW)

    def canary(self, *, by_hand: bool = False) -> Push:
        """The first file at all, and a second one at POS alone."""
        self.push(campus_file())
        self.tell(POS, 1, 190, 10, day=TODAY - 3)
        self.tell(POS2, 1, 190, 10)
        file = campus_file("80.00", "80.00")
        made = self.pusher.push(
            file, PushKind.CANARY, "王芳", self.pusher.targets(file), NOW, [POS], by_hand=by_hand
        )
        assert made is not None
        return made

    def word(self, push: Push) -> Word:
        return self.parameters.canaries()[push.number][-1]

    def told(self) -> list[str]:
        rows = self.opened.database
        with rows.reading():
            codes = [code for (code,) in rows.run("SELECT code FROM fact ORDER BY id")]
        return [code for code in codes if code.startswith("canary")]

    def is_sound(self) -> None:
        with self.opened.database.reading():
            assert check_parameters(self.opened.database).broken == ""


@pytest.fixture
def watch(opened: OpenedLedger) -> Watch:
    return Watch(opened)


def test_a_canary_whose_declines_rise_goes_back_by_itself_and_says_why(watch: Watch) -> None:
    push = watch.canary()
    watch.tell(POS, 2, 80, 20)
    watch.signer.is_away = True
    assert watch.parameters.watch(after(HOUR)) == 1
    watch.signer.is_away = False
    assert (watch.generation(POS), watch.wanted(POS).limits_of(1, 2)) == (3, Limits(50_00, 60_00))
    assert (watch.word(push), watch.told(), watch.generation(POS2)) == (Word.BACK, ["canary-back"], 1)
    assert watch.parameters.history()[-1][0].kind is PushKind.BACK
    assert watch.parameters.watch(after(2 * HOUR)) == 0
    watch.is_sound()


def test_a_canary_that_is_well_goes_on_by_itself(watch: Watch) -> None:
    push = watch.canary()
    watch.tell(POS, 2, 97, 3)
    watch.signer.is_away = True
    assert (watch.parameters.watch(after(GO_ON_S - 1)), watch.parameters.watch(after(GO_ON_S))) == (0, 1)
    watch.signer.is_away = False
    assert {one: watch.generation(one) for one in (POS, POS2, FAR)} == {POS: 2, POS2: 2, FAR: 2}
    assert watch.wanted(POS2).limits_of(1, 2) == Limits(80_00)
    assert (watch.word(push), watch.told()) == (Word.ON, ["canary-on"])
    watch.is_sound()


def test_a_canary_by_hand_goes_back_by_itself_and_never_on(watch: Watch) -> None:
    push = watch.canary(by_hand=True)
    watch.tell(POS, 2, 97, 3)
    assert [watch.parameters.watch(after(GO_ON_S + at)) for at in (0, 60)] == [1, 0]
    assert (watch.word(push), watch.generation(POS2)) == (Word.HELD, 1)
    watch.tell(POS, 2, 97, 60)
    watch.parameters.watch(after(GO_ON_S + HOUR))
    assert (watch.word(push), watch.generation(POS)) == (Word.BACK, 3)


def test_a_canary_that_sees_nobody_does_not_go_on_and_says_so_once(watch: Watch) -> None:
    push = watch.canary()
    watch.tell(POS, 2, 3)
    assert [watch.parameters.watch(after(at)) for at in (GO_ON_S, QUIET_S, QUIET_S + 60)] == [0, 1, 0]
    assert (watch.word(push), watch.told(), watch.generation(POS2)) == (Word.QUIET, ["canary-quiet"], 1)
    watch.tell(POS, 2, 80, 20)
    watch.parameters.watch(after(QUIET_S + HOUR))
    assert (watch.word(push), watch.generation(POS)) == (Word.BACK, 3)


def test_what_the_others_suffer_too_is_not_the_canarys_doing(watch: Watch) -> None:
    watch.canary()
    watch.tell(POS, 2, 80, 20)
    watch.tell(POS2, 1, 160, 60, boot=2)
    assert watch.parameters.watch(after(HOUR)) == 0


def test_what_somebody_has_pushed_since_is_not_undone(watch: Watch) -> None:
    push = watch.canary()
    watch.push(campus_file("90.00", "90.00"), POS, now=after(60))
    watch.tell(POS, 2, 80, 20)
    watch.parameters.watch(after(HOUR))
    assert (watch.word(push), watch.generation(POS), watch.told()) == (Word.OVERTAKEN, 3, [])


def test_a_first_file_has_nothing_to_go_back_to_and_says_so_at_the_top(watch: Watch) -> None:
    watch.push(campus_file(), POS2)
    watch.tell(POS2, 1, 190, 10)
    file = campus_file()
    push = watch.pusher.push(file, PushKind.CANARY, "王芳", watch.pusher.targets(file), NOW, [POS])
    assert push is not None
    watch.tell(POS, 1, 50, 50)
    watch.parameters.watch(after(HOUR))
    assert (watch.word(push), watch.told()) == (Word.STUCK, ["canary-stuck"])


def test_counts_are_totals_of_a_power_on_and_only_of_a_boxs_own_terminals(watch: Watch) -> None:
    for served, boot in ((5, 1), (9, 1), (7, 1), (4, 2)):
        watch.tell(POS, 1, served, 1, boot=boot)
    watch.tell(POS, 1, 999, box=OTHER_BOX)
    for day in (TODAY - KEPT_DAYS - 1, TODAY + KEPT_DAYS + 1):
        watch.tell(LOADER, 1, 1, day=day)
    database = watch.opened.database
    with database.reading():
        (found,) = tallies(database, {POS}, TODAY)
    assert (found.served, found.declined, found.reasons) == (13, 2, {23: 2})
    with database.reading():
        assert tallies(database, {LOADER}, 0) == []
