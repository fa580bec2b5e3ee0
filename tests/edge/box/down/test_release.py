"""The release that a box should run: asked for, fetched part by part as the chain stands for it, handed over, told."""

import pytest

from edge.box.down.release import (
    ASK_AGAIN_S,
    PATIENCE_S,
    PROOF_WAIT_S,
    QUIET_S,
    SAY_S,
    Own,
    OwnRelease,
    WentBack,
)
from edge.box.values.effects import BeginAnew, DropRelease, KeepPart, Now, PartKept, ReleaseJudged, TakeRelease
from shared.wire.lanes.release_lane import PART_SIZE
from shared.wire.messages import ReleasePart, ReleasePartWanted, ReleaseSaid, ReleaseStage, ReleaseWanted

LENGTH = PART_SIZE + 10
WANTED = ReleaseWanted(2, LENGTH, b"d" * 32, at_once=False)
DIGEST = WANTED.digest.hex()
NOTHING = ReleaseWanted(0, 0, bytes(32), at_once=False)


def now(mono_s: float = 0.0) -> Now:
    return Now(mono_s, int(mono_s * 1000), int(mono_s))


class Bench:
    """A box, whose chain may or may not stand for a release."""

    def __init__(self, **own: object) -> None:
        self.stands = True
        self.release = OwnRelease(_own(**own), lambda *_: self.stands, lambda: b"officers", lambda size: bytes(size))

    def connects(self) -> ReleaseSaid:
        self.release.speaks(now(), form_4=True)
        return self.said()

    def said(self) -> ReleaseSaid:
        (said,) = [one for one in self.heard() if isinstance(one, ReleaseSaid)]
        return said

    def heard(self) -> list[object]:
        up, self.release.up = self.release.up, []
        return up

    def fetches_all(self) -> list[object]:
        effects: list[object] = [*self.release.wanted(now(), WANTED)]
        for offset in (0, PART_SIZE):
            (keep,) = self.release.part(ReleasePart(2, offset, bytes(min(PART_SIZE, LENGTH - offset))))
            assert isinstance(keep, KeepPart)
            effects += self.release.kept(now(), PartKept(DIGEST, keep.offset + len(keep.data)))
        return effects


def _own(**changes: object) -> Own:
    found = {"running": "openykt-edge-1", "number": 1, "machine": "aarch64"} | changes
    return Own(**found)  # type: ignore[arg-type]  # a test's own words


def test_a_ledger_of_before_hears_nothing_and_neither_does_anybody_of_a_box_without_places() -> None:
    bench = Bench()
    bench.release.speaks(now(), form_4=False)
    assert bench.heard() == []
    bare = Bench(running="")
    bare.release.speaks(now(), form_4=True)
    assert (bare.heard(), bare.release.tick(now(SAY_S * 9))) == ([], [])


def test_it_says_what_runs_and_again_and_again() -> None:
    bench = Bench()
    said = bench.connects()
    assert (said.running, said.number, said.stage, said.about) == ("openykt-edge-1", 1, ReleaseStage.NOTHING, 0)
    bench.release.tick(now(SAY_S - 1))
    assert bench.heard() == []
    bench.release.tick(now(SAY_S))
    assert bench.said().number == 1


def test_it_fetches_part_by_part_and_hands_over_what_is_whole() -> None:
    bench = Bench()
    bench.connects()
    assert bench.fetches_all() == [TakeRelease(2, DIGEST, b"officers")]
    asked = [one.offset for one in bench.heard() if isinstance(one, ReleasePartWanted)]
    assert asked == [0, PART_SIZE]
    bench.release.judged(now(1), ReleaseJudged(DIGEST, "", ""))
    assert bench.said().stage is ReleaseStage.WAITING


def test_a_part_that_does_not_come_is_asked_for_again_and_one_that_comes_twice_is_kept_once() -> None:
    bench = Bench()
    bench.connects()
    bench.release.wanted(now(), WANTED)
    bench.heard()
    bench.release.tick(now(ASK_AGAIN_S - 1))
    assert bench.heard() == []
    bench.release.tick(now(ASK_AGAIN_S))
    part = ReleasePart(2, 0, bytes(PART_SIZE))
    assert (len(bench.heard()), len(bench.release.part(part)), bench.release.part(part)) == (1, 1, [])


@pytest.mark.parametrize(
    "part", [ReleasePart(2, 1, b"x"), ReleasePart(3, 0, b"x"), ReleasePart(2, 0, bytes(LENGTH + 1))]
)
def test_what_was_not_asked_for_is_not_kept(part: ReleasePart) -> None:
    bench = Bench()
    bench.connects()
    bench.release.wanted(now(), WANTED)
    assert bench.release.part(part) == []


def test_it_goes_on_where_it_stopped() -> None:
    bench = Bench(begun={DIGEST: PART_SIZE})
    bench.connects()
    bench.release.wanted(now(), WANTED)
    assert [one.offset for one in bench.heard() if isinstance(one, ReleasePartWanted)] == [PART_SIZE]


def test_nothing_is_asked_for_until_the_chain_stands_for_it_and_in_the_end_it_is_refused() -> None:
    bench = Bench()
    bench.connects()
    bench.stands = False
    bench.release.wanted(now(), WANTED)
    bench.release.tick(now(1))
    assert [one for one in bench.heard() if isinstance(one, ReleasePartWanted)] == []
    bench.release.tick(now(PROOF_WAIT_S))
    refused = [one for one in bench.heard() if isinstance(one, ReleaseSaid)][-1]
    assert (refused.stage, refused.why) == (ReleaseStage.REFUSED, "unproven")
    late = Bench()
    late.connects()
    late.stands = False
    late.release.wanted(now(), WANTED)
    late.stands = True
    late.release.tick(now(1))
    assert isinstance(late.heard()[-1], ReleasePartWanted)


def test_bytes_that_rot_are_fetched_once_more_and_then_refused() -> None:
    bench = Bench()
    bench.connects()
    bench.fetches_all()
    bench.heard()
    bench.release.judged(now(1), ReleaseJudged(DIGEST, "files", "SHA-256"))
    assert [one.offset for one in bench.heard() if isinstance(one, ReleasePartWanted)] == [0]
    bench.release.judged(now(2), ReleaseJudged(DIGEST, "files", "SHA-256"))
    assert (bench.said().why, bench.release.status["stage"]) == ("files", "refused")


def test_a_full_disk_is_said_and_no_part_is_asked_for_any_more() -> None:
    bench = Bench()
    bench.connects()
    bench.release.wanted(now(), WANTED)
    bench.release.part(ReleasePart(2, 0, bytes(PART_SIZE)))
    bench.heard()
    bench.release.kept(now(), PartKept(DIGEST, 0))
    assert bench.said().why == "room"
    bench.release.tick(now(ASK_AGAIN_S))
    assert bench.heard() == []


@pytest.mark.parametrize(
    ("at_once", "record_s", "at_s"), [(True, 1.0, 2.0), (False, 1.0, 1.0 + QUIET_S), (False, None, 3.0)]
)
def test_it_begins_anew_at_a_quiet_moment_or_at_once(at_once: bool, record_s: float | None, at_s: float) -> None:
    bench = Bench()
    bench.connects()
    bench.fetches_all()
    bench.release.wanted(now(), ReleaseWanted(2, LENGTH, WANTED.digest, at_once=at_once))
    if record_s is not None:
        bench.release.recorded(now(record_s))
    bench.release.judged(now(1), ReleaseJudged(DIGEST, "", ""))
    if not at_once and record_s is not None:
        assert bench.release.tick(now(at_s - 1)) == []
    assert bench.release.tick(now(at_s)) == [BeginAnew(2)]
    assert bench.release.tick(now(at_s + 1)) == [], "once"


def test_where_it_is_never_quiet_it_waits_no_longer_than_it_may() -> None:
    bench = Bench()
    bench.connects()
    bench.fetches_all()
    bench.release.judged(now(), ReleaseJudged(DIGEST, "", ""))
    bench.release.recorded(now(PATIENCE_S - 1))
    assert bench.release.tick(now(PATIENCE_S)) == [BeginAnew(2)]


def test_what_is_wanted_no_more_is_tried_at_no_start() -> None:
    bench = Bench()
    bench.connects()
    bench.fetches_all()
    bench.release.judged(now(1), ReleaseJudged(DIGEST, "", ""))
    assert bench.release.wanted(now(2), NOTHING) == [DropRelease(DIGEST)]
    assert bench.release.tick(now(QUIET_S * 9)) == []


@pytest.mark.parametrize(
    ("why", "stage"),
    [("starts", ReleaseStage.RETURNED), ("unwell", ReleaseStage.RETURNED), ("files", ReleaseStage.REFUSED)],
)
def test_what_went_back_is_fetched_no_more_and_said_with_its_reason(why: str, stage: ReleaseStage) -> None:
    bench = Bench(back=(WentBack(2, DIGEST, why, "3"),))
    bench.connects()
    assert bench.release.wanted(now(), WANTED) == []
    bench.release.tick(now(SAY_S))
    assert [(one.stage, one.why, one.words) for one in bench.heard() if isinstance(one, ReleaseSaid)] == [
        (stage, why, "3")
    ]


def test_on_trial_it_is_not_in_use_before_the_box_is_well() -> None:
    bench = Bench(number=2, is_trial=True)
    assert bench.connects().stage is ReleaseStage.TRIED
    bench.release.wanted(now(), WANTED)
    bench.release.well(now(1))
    assert bench.said().stage is ReleaseStage.IN_USE


@pytest.mark.parametrize(("why", "again"), [("files", True), ("room", True), ("unproven", True), ("starts", False)])
def test_what_was_not_even_tried_is_fetched_when_it_is_wanted_once_more(why: str, again: bool) -> None:
    bench = Bench(back=(WentBack(2, DIGEST, why, ""),))
    bench.connects()
    for wanted in (WANTED, NOTHING, WANTED):
        bench.release.wanted(now(), wanted)
    asked = [one for one in bench.heard() if isinstance(one, ReleasePartWanted)]
    assert bool(asked) is again
