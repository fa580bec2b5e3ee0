"""What comes into the lanes and what does not: quotas of each box and lane, and who is not touched by another's."""

import pytest

from cloud.ingest.lanes import Lanes
from cloud.ingest.quotas.admission import MONEY_EACH, Admission
from cloud.ingest.quotas.notices import Notices
from cloud.ingest.ticket import Arrival, Money, Now, States
from shared.fleet.document import CAMPUS, DocumentKind
from shared.ids import PsamId, StorageId, box_id, device_id, store_id
from shared.wire.fleet_lane import Held, PagesWanted, Reported, Verdict
from shared.wire.messages import (
    Batch,
    BoxState,
    EpochRequest,
    Fact,
    NowUp,
    OnlineRequest,
    RecordCopy,
    Swap,
    encode_batch,
    encode_now,
    encode_state,
)
from shared.wire.topics import STATE, UP_MONEY, UP_NOW

DEVICE, STORE, PSAM = device_id(bytes(6)), store_id(b"S" * 8), PsamId(b"psam01")
SWAP = Swap(DEVICE, DEVICE, StorageId(b"T" * 8), PSAM, 1, 5, "王芳")
BATCH = encode_batch(Batch(STORE, 1, (b"r",)))


class Door:
    """An admission with a clock that the test moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.lanes = Lanes(lambda: self.now_s)
        self.notices = Notices()
        self.admission = Admission(self.lanes, self.notices, lambda: self.now_s)

    def take(self, box: str, lane: str, payload: bytes) -> bool:
        return self.admission.take(Arrival("s", 1, f"oykt/v1/p07/{box}/{lane}", payload), print)

    def say(self, box: str, message: NowUp) -> bool:
        return self.take(box, UP_NOW, encode_now(message))


@pytest.fixture
def door() -> Door:
    return Door()


def state(box: str) -> bytes:
    return encode_state(BoxState(box_id(box), STORE, 1, True, 0, 0, 0, 0, 0))


def test_a_flood_of_now_ends_at_its_own_quota_and_touches_nobody_elses(door: Door) -> None:
    copy = RecordCopy(b"r")
    taken = [door.say("flood", copy) for _ in range(5000)]
    assert taken == [True] * 512 + [False] * 4488
    assert door.say("quiet", copy)
    assert door.take("flood", UP_MONEY, BATCH), "its money has a quota of its own"
    door.now_s += 2.0
    assert sum(door.say("flood", copy) for _ in range(5000)) == 100
    assert door.notices.refused == {"now": 4488 + 4900}


def test_what_is_beyond_the_lanes_quota_is_refused_unread(door: Door, monkeypatch) -> None:
    while door.take("flood", UP_NOW, encode_now(RecordCopy(b"r"))) or door.notices.refused["now"] < 600:
        pass
    monkeypatch.setattr("cloud.ingest.quotas.admission.read", None)
    assert not door.take("flood", UP_NOW, b"whatever it is")


def test_a_box_has_so_many_batches_waiting_and_the_next_when_they_are_done(door: Door) -> None:
    assert [door.take("flood", UP_MONEY, BATCH) for _ in range(MONEY_EACH + 3)] == [True] * MONEY_EACH + [False] * 3
    assert door.take("quiet", UP_MONEY, BATCH)
    work = door.lanes.take()
    assert isinstance(work, Money)
    assert len(work.tickets) == MONEY_EACH + 1
    assert door.take("flood", UP_MONEY, BATCH)
    assert door.notices.refused == {"money": 3}


def test_facts_and_junk_and_requests_of_a_box_leave_a_bounded_number_of_rows(door: Door) -> None:
    epoch = EpochRequest(1, DEVICE, StorageId(b"T" * 8), PSAM, 0)
    assert sum(door.say("flood", Fact("bus-off", "important", 5, b"", "x")) for _ in range(400)) == 256
    assert sum(door.say("flood", Fact("outbox-damaged", "urgent", 5, b"", "x")) for _ in range(100)) == 64, "its own"
    assert sum(door.say("flood", SWAP) for _ in range(72)) == 64
    assert sum(door.say("flood", epoch) for _ in range(300)) == 256
    assert sum(door.take("flood", UP_NOW, b"\0") for _ in range(100)) == 64
    assert sum(door.take("flood", UP_MONEY, b"\0") for _ in range(3)) == 0, "junk is junk on any lane"
    assert door.notices.refused == {"facts": 144 + 36, "junk": 39, "now": 44 + 8}


def test_junk_of_nobody_has_nobodys_quota(door: Door) -> None:
    strange = Arrival("s", 1, "oykt/v1/p99/canteen/up/money", b"x")
    assert sum(door.admission.take(strange, print) for _ in range(100)) == 64
    assert door.take("canteen", UP_NOW, b"\0")


def test_a_state_never_waits_and_a_flood_of_them_is_one(door: Door) -> None:
    assert not any(door.take("flood", STATE, state("flood")) for _ in range(100))
    assert not door.take("quiet", STATE, state("quiet"))
    work = door.lanes.take()
    assert isinstance(work, States)
    assert [address.box for address, _ in work.states] == ["flood", "quiet"]
    assert door.notices.refused == {"state": 68}


def test_a_request_with_a_commit_of_its_own_counts_for_many_in_a_turn(door: Door) -> None:
    for number in range(9):
        door.say("flood", OnlineRequest(DEVICE, 1, PSAM, number, b"p"))
    door.say("quiet", RecordCopy(b"r"))
    work = door.lanes.take()
    assert isinstance(work, Now)
    assert [ticket.sender for ticket in work.tickets] == ["flood", "quiet", "flood", "flood"]


HOTLIST = DocumentKind.HOTLIST, CAMPUS
REPORTED = Reported(DEVICE, *HOTLIST, 1, bytes(32), 0, 0, 0, 1, Verdict.IN_USE)


@pytest.mark.parametrize(
    ("message", "burst", "per_s"),
    [(Held(()), 64, 1), (PagesWanted(*HOTLIST, 1, (0,)), 64, 4), (REPORTED, 512, 20)],
    ids=["held", "pages", "reported"],
)
def test_messages_about_documents_have_quotas_of_their_own(
    door: Door, message: NowUp, burst: int, per_s: int
) -> None:  # fmt: skip
    """A box of 130 terminals may say what each of them uses of three kinds when it connects; nobody asks for ever."""
    assert [door.say("flood", message) for _ in range(burst + 1)] == [True] * burst + [False]
    assert door.notices.refused == {"documents": 1}
    assert door.say("quiet", message)
    assert door.say("flood", Fact("code", "notice", 1, DEVICE, ()))
    door.now_s += 1
    assert sum(door.say("flood", message) for _ in range(100)) == per_s
