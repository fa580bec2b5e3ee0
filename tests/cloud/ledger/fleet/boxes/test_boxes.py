"""Releases of boxes over the real ledger: waves that follow what boxes have said, a canary, a stop, a way back."""

from hashlib import sha256

import pytest

from cloud.ledger.checks.book_chain import check_book_chain
from cloud.ledger.fleet.boxes.door import NOTHING, BoxLedger, BoxRolloutView, view, way_back
from cloud.ledger.fleet.boxes.rows import BoxRelease
from cloud.ledger.fleet.firmware.state import Phase, Rollout, TerminalState
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.ledger.records.values import Now
from shared.errors import ConfigFault
from shared.ids import BoxId
from shared.wire.lanes.release_lane import PART_SIZE
from shared.wire.messages import ReleasePartWanted, ReleaseSaid, ReleaseStage, ReleaseWanted
from tests.cloud.ledger.campus import BOX, NOW, OTHER_BOX, later

S, G = TerminalState, ReleaseStage
BODY = bytes(range(256)) * (PART_SIZE // 256) + b"end"
WAIT_MS, RUN_MS = 600_000, 60_000


def release(number: int, body: bytes = BODY) -> BoxRelease:
    name = f"openykt-edge-{number}-aarch64"
    return BoxRelease("aarch64", number, name, len(body), sha256(body).digest(), "张三", NOW.unix_ms)


class Fleet:
    """The ledger's door, and boxes that say something to it."""

    def __init__(self, opened: OpenedLedger) -> None:
        self.opened, self.boxes = opened, BoxLedger(opened)
        self.boxes.take(release(2), BODY, b"trust", NOW)

    def roll_out(self, *waves: list[str], number: int = 2, now: Now = NOW, **other: int) -> int:
        rollout = Rollout(0, 0, number, "王芳", "新版", 0, 0, "100%", 20, 1, wait_ms=WAIT_MS, run_ms=RUN_MS)
        shared = {box: wave for wave, boxes in enumerate(waves, 1) for box in boxes}
        return self.boxes.make(rollout._replace(**other), shared, now, at_once=False)

    def says(self, box: BoxId, stage: ReleaseStage, number: int = 1, now: Now = NOW, **other: object) -> ReleaseWanted:
        about = 0 if stage is G.NOTHING else 2
        said = ReleaseSaid(f"openykt-edge-{number}", number, "aarch64", about, stage, 0, "", "", bytes(16))
        return self.boxes.said(box, ReleaseSaid(**{**_as_dict(said), **other}), now)

    def seen(self, now: Now = NOW) -> BoxRolloutView:
        with self.opened.database.reading():
            return view(self.opened.database, now).rollouts[-1]

    def states(self, now: Now = NOW) -> dict[str, TerminalState]:
        return {one.box: one.row.state for one in self.seen(now).there}

    def facts(self) -> list[str]:
        with self.opened.database.reading():
            return [code for (code,) in self.opened.database.run("SELECT code FROM fact ORDER BY id")]


def _as_dict(said: ReleaseSaid) -> dict[str, object]:
    return {name: getattr(said, name) for name in said.__dataclass_fields__}


@pytest.fixture
def fleet(ledger: Ledger) -> Fleet:
    return Fleet(ledger.opened)


def test_an_archive_is_kept_once_and_given_in_parts(fleet: Fleet) -> None:
    assert not fleet.boxes.take(release(2), BODY, b"trust", NOW)
    with pytest.raises(ConfigFault, match="2"):
        fleet.boxes.take(release(1), b"other", b"trust", NOW)
    parts, offset = [], 0
    while found := fleet.boxes.part(ReleasePartWanted(2, "aarch64", offset)):
        parts.append(found[0].data)
        offset += len(found[0].data)
    assert (b"".join(parts), len(parts)) == (BODY, 2)
    assert fleet.boxes.part(ReleasePartWanted(2, "x86_64", 0)) == []


def test_a_box_hears_what_it_should_run_when_its_wave_has_begun_and_no_longer_than_that(fleet: Fleet) -> None:
    assert fleet.says(BOX, G.NOTHING) == NOTHING
    fleet.roll_out([BOX], [OTHER_BOX])
    wanted = ReleaseWanted(2, len(BODY), sha256(BODY).digest(), at_once=False)
    assert (fleet.says(BOX, G.NOTHING), fleet.says(OTHER_BOX, G.NOTHING)) == (wanted, NOTHING)
    for stage, state in ((G.COMING, S.RECEIVING), (G.WAITING, S.WHOLE), (G.TRIED, S.TRIED)):
        fleet.says(BOX, stage)
        assert fleet.states()[BOX] is state
    assert fleet.says(BOX, G.IN_USE, 2) == NOTHING
    assert fleet.states() == {BOX: S.IN_USE, OTHER_BOX: S.OFFERED}
    assert fleet.says(OTHER_BOX, G.NOTHING) == wanted
    fleet.says(OTHER_BOX, G.IN_USE, 2)
    assert (fleet.seen().phase, "box-rollout-over" in fleet.facts()) == (Phase.OVER, True)


def test_a_release_on_trial_is_not_in_use(fleet: Fleet) -> None:
    fleet.roll_out([BOX])
    fleet.says(BOX, G.TRIED, 2)
    assert fleet.states()[BOX] is S.TRIED


def test_one_that_went_back_is_named_with_its_reason_and_stops_the_rest(fleet: Fleet) -> None:
    fleet.roll_out([BOX], [OTHER_BOX])
    fleet.says(BOX, G.RETURNED, why="unwell", words="can0")
    (row, other) = fleet.seen().there
    assert (row.row.state, row.why, row.words, other.row.state) == (S.RETURNED, "unwell", "can0", S.STOPPED)
    assert fleet.facts().count("box-release-back") == 1
    fleet.says(BOX, G.RETURNED, why="unwell", words="can0")
    assert fleet.facts().count("box-release-back") == 1, "once"
    with pytest.raises(ConfigFault, match="retry"):
        fleet.boxes.resume(1, "王芳", "again", NOW)


def test_the_canary_waits_for_a_person(fleet: Fleet) -> None:
    fleet.roll_out([BOX], [OTHER_BOX], canary=1)
    fleet.says(BOX, G.IN_USE, 2)
    assert (fleet.seen().phase, fleet.says(OTHER_BOX, G.NOTHING)) == (Phase.PAUSED, NOTHING)
    fleet.boxes.resume(1, "王芳", "looked", NOW)
    assert fleet.says(OTHER_BOX, G.NOTHING).number == 2


def test_a_stop_takes_effect_with_the_next_word_of_a_box(fleet: Fleet) -> None:
    fleet.roll_out([BOX])
    assert fleet.says(BOX, G.COMING).number == 2
    fleet.boxes.stop(1, "王芳", "wait", NOW)
    assert fleet.says(BOX, G.COMING) == NOTHING
    assert fleet.states()[BOX] is S.STOPPED
    fleet.says(BOX, G.IN_USE, 2)
    assert fleet.states()[BOX] is S.IN_USE, "it had begun anew before it heard: what runs counts"


def test_silence_is_a_failure_by_the_clock_alone(fleet: Fleet) -> None:
    fleet.roll_out([BOX])
    assert fleet.states(later(WAIT_MS - 1))[BOX] is S.OFFERED
    fleet.boxes.move_on(later(WAIT_MS))
    assert (fleet.states()[BOX], fleet.seen().phase) == (S.SILENT, Phase.STOPPED)


def test_a_box_that_runs_it_already_is_left_alone(fleet: Fleet) -> None:
    fleet.says(BOX, G.IN_USE, 2)
    fleet.roll_out([BOX])
    assert fleet.states()[BOX] is S.ALREADY


def test_a_box_is_in_one_roll_out_at_a_time_and_only_of_what_is_here(fleet: Fleet) -> None:
    fleet.roll_out([BOX])
    with pytest.raises(ConfigFault, match=str(BOX)):
        fleet.roll_out([BOX])
    with pytest.raises(ConfigFault, match="aarch64:9"):
        fleet.roll_out([OTHER_BOX], number=9)


def test_another_processor_is_never_given_it(fleet: Fleet) -> None:
    fleet.roll_out([BOX])
    assert fleet.says(BOX, G.NOTHING, machine="x86_64") == NOTHING


def test_a_way_back_is_the_same_bytes_under_a_higher_number() -> None:
    found = [release(2, b"two"), release(3, b"three"), release(4, b"two"), release(5, b"five")]
    back = way_back(found, "aarch64", 3)
    assert back is not None
    assert back.number == 4
    assert way_back(found, "aarch64", 4) is None
    assert way_back(found, "x86_64", 3) is None


def test_what_a_box_says_again_is_not_written_again(fleet: Fleet) -> None:
    fleet.says(BOX, G.NOTHING)
    before = _heard_ms(fleet)
    fleet.says(BOX, G.NOTHING, now=later(20_000))
    assert _heard_ms(fleet) == before
    fleet.says(BOX, G.NOTHING, now=later(600_000))
    assert _heard_ms(fleet) == before + 600_000


def _heard_ms(fleet: Fleet) -> int:
    with fleet.opened.database.reading():
        return int(fleet.opened.database.run("SELECT at_ms FROM box_running")[0][0])


def test_the_chain_of_what_no_record_brings_again_holds_it(fleet: Fleet) -> None:
    fleet.roll_out([BOX])
    with fleet.opened.database.reading():
        assert check_book_chain(fleet.opened.database).broken == ""
