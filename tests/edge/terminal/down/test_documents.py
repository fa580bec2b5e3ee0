"""A terminal believes no one but the campus: what it takes is proven, newer, whole and durable, or nothing changes."""

import random
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.link.messages import DocumentReport, DocumentWant
from edge.terminal.down.broadcast import MemorySlot, Slots
from edge.terminal.down.documents import FRESH_KEPT_S, Documents, Say
from edge.terminal.down.fetch import AGAIN_S, TRIES_MAX
from edge.terminal.store.papers import MemoryPapers
from shared.clocks.clock import CampusTime
from shared.fleet.document import (
    CAMPUS,
    DocumentKind,
    decode_head,
    device_scope,
    digest_of,
    echo_of,
    model_scope,
    table_of,
)
from shared.fleet.hotlist import NOBODY, hotlist_body
from shared.ids import CardId, DeviceId
from shared.keys.document_key import Keyring
from shared.wire.fleet_lane import Verdict
from tests.edge.terminal.down.centre import CAMPUS_NUMBER, CAMPUS_PUBLIC, Centre

DEVICE = DeviceId(b"\0\1\0\0\0\7")
ROOM = {b"\x53\3": 40_000}


def card(index: int) -> CardId:
    return CardId(b"\x53\3\0\0\0\1" + index.to_bytes(4, "big"))


def body_of(*indices: int) -> bytes:
    return hotlist_body([card(n) for n in indices], room=ROOM)


class Site:
    """A terminal, its papers, and a centre beside it."""

    def __init__(self, papers: MemoryPapers | None = None) -> None:
        self.centre = Centre()
        self.papers = papers or MemoryPapers()
        self.mono_s = 0.0
        self.documents = self.boot()
        self.documents.key(self.centre.key)

    def boot(self) -> Documents:
        self.documents = Documents(DEVICE, 1, Keyring(CAMPUS_NUMBER, CAMPUS_PUBLIC), self.papers)
        self.documents.boot()
        return self.documents

    def offer(self, generation: int, lose: int = 0) -> DocumentReport | None:
        """The head, then every page that is wanted, in any order; the last word."""
        said = self.documents.head(self.centre.head(generation), 5, self.mono_s)
        chance = random.Random(lose)
        for _ in range(200):
            last = said[-1].message if said else None
            if isinstance(last, DocumentReport):
                return last
            wanted = [*last.numbers] if isinstance(last, DocumentWant) else []
            chance.shuffle(wanted)
            said = []
            for number in wanted:
                if chance.random() >= lose / 10:
                    said += self.documents.page(self.centre.page(generation, number), 5, self.mono_s)
            if not said:
                self.mono_s += AGAIN_S
                said = self.documents.tick(self.mono_s)
        return None

    @property
    def generation(self) -> int:
        paper = self.documents.in_use(DocumentKind.HOTLIST)
        return paper.head.generation if paper else 0

    def listed(self, index: int) -> bool:
        found = self.documents.meaning(DocumentKind.HOTLIST)
        return bool(found and found.contains(card(index), index))


def verdicts(said: list[Say]) -> list[Verdict]:
    return [one.message.verdict for one in said if isinstance(one.message, DocumentReport)]


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.mark.parametrize("lose", range(6))
def test_a_document_comes_in_pages_and_is_reported_by_what_is_in_use(lose: int) -> None:
    site = Site()
    site.centre.make(body_of(3, 20_000))
    report = site.offer(1, lose)
    assert report == DocumentReport(
        DocumentKind.HOTLIST, CAMPUS, 1, digest_of(body_of(3, 20_000)), echo_of(table_of(body_of(3, 20_000))), 5,
        848_000_000, 1, Verdict.IN_USE,
    )  # fmt: skip
    assert (site.listed(3), site.listed(4), site.documents.changed) == (True, False, {DocumentKind.HOTLIST})


def test_it_is_there_again_after_a_power_cut_and_is_proven_again(site: Site) -> None:
    site.centre.make(body_of(3))
    site.offer(1)
    assert site.boot().in_use(DocumentKind.HOTLIST) is not None
    assert site.listed(3)
    (report,) = site.documents.joined()
    assert (report.message.generation, report.message.digest) == (1, digest_of(body_of(3)))


@pytest.mark.parametrize("at", [0, 3, 20, 60, 140, 200, -5, -1])
def test_a_bit_that_fell_over_makes_it_no_document(site: Site, at: int) -> None:
    site.centre.make(body_of(3))
    site.offer(1)
    (name,) = site.papers.held
    spoilt = bytearray(site.papers.held[name])
    spoilt[at] ^= 4
    site.papers.held[name] = bytes(spoilt)
    assert site.boot().in_use(DocumentKind.HOTLIST) is None
    assert site.documents.damaged == 1
    site.documents.key(site.centre.key)
    assert site.offer(1).verdict is Verdict.IN_USE, "it is offered again"


def test_only_pages_that_differ_are_asked_for(site: Site) -> None:
    site.centre.make(body_of(3))
    site.offer(1)
    site.centre.make(body_of(3, 20_000))
    (say,) = site.documents.head(site.centre.head(2), 9, 0.0)
    assert say.message == DocumentWant(DocumentKind.HOTLIST, CAMPUS, 2, (3,))


def test_a_change_comes_as_a_delta(site: Site) -> None:
    site.centre.make(body_of(3))
    site.offer(1)
    site.centre.make(body_of(3, 20_000))
    (say,) = site.documents.delta(site.centre.delta(2), 9)
    assert (say.message.verdict, say.message.generation, say.message.seq) == (Verdict.IN_USE, 2, 9)
    assert site.listed(20_000)
    site.centre.make(body_of(20_000))
    site.documents.delta(site.centre.delta(3), 9)
    assert (site.listed(3), site.listed(20_000)) == (False, True)


def test_what_comes_inside_of_a_tap_takes_effect_behind_it(site: Site) -> None:
    """The tap has asked the list of before: its record must not come after the report that the new one is in use."""
    site.centre.make(body_of(3))
    site.offer(1)
    site.centre.make(body_of(3, 20_000))
    site.centre.make(body_of(20_000))
    site.documents.is_in_tap = lambda: True
    assert site.documents.delta(site.centre.delta(2), 9) == []
    assert site.offer(3) is None
    assert site.documents.delta(site.centre.delta(2), 9) == [], "the newest one waits"
    assert (site.generation, site.listed(20_000), [*site.papers.names()]) == (1, False, ["hotlist-00000000000000"])
    site.documents.is_in_tap = lambda: False
    (say,) = site.documents.turn(CampusTime(0, is_set=False), 10)
    assert (say.message.verdict, say.message.generation, say.message.seq) == (Verdict.IN_USE, 3, 10)
    assert (site.listed(3), site.listed(20_000)) == (False, True)
    assert site.documents.turn(CampusTime(0, is_set=False), 11) == []


def test_a_delta_that_does_not_fit_asks_for_the_whole_and_changes_nothing(site: Site) -> None:
    for cards in ((3,), (3, 4), (3, 4, 5)):
        site.centre.make(body_of(*cards))
    want = [
        Say(site.documents.delta(site.centre.delta(3), 9)[0].layout, DocumentWant(DocumentKind.HOTLIST, CAMPUS, 3, ()))
    ]
    assert site.documents.delta(site.centre.delta(3), 9) == want, "nothing is held"
    site.offer(1)
    assert site.documents.delta(site.centre.delta(3), 9) == want, "an older one is held"
    wrong = site.centre.delta(2)
    spoilt = wrong._replace(delta=wrong.delta[:-1] + bytes((wrong.delta[-1] ^ 1,)))
    assert site.documents.delta(spoilt, 9)[0].message == DocumentWant(DocumentKind.HOTLIST, CAMPUS, 2, ())
    assert (site.generation, site.listed(4)) == (1, False)


def test_nothing_goes_backwards_and_a_fork_is_told(site: Site) -> None:
    site.centre.make(body_of(3))
    site.centre.make(body_of(3, 4))
    site.offer(2)
    assert verdicts(site.documents.head(site.centre.head(1, 900_000_000), 9, 0.0)) == [Verdict.OLDER]
    site.centre.bodies[2] = body_of(9)
    assert verdicts(site.documents.head(site.centre.head(2), 9, 0.0)) == [Verdict.FORK]
    assert (site.generation, site.listed(4), site.listed(9)) == (2, True, False)


def test_what_the_campus_has_not_signed_changes_nothing(site: Site) -> None:
    site.centre.make(body_of(3))
    forged = site.centre.head(1)
    assert verdicts(site.documents.head(forged._replace(signature=bytes(64)), 9, 0.0)) == [Verdict.WRONG_SIGNATURE]
    raw = site.centre.signed(1, digest=digest_of(b"else")).raw
    assert verdicts(site.documents.head(forged._replace(raw=raw), 9, 0.0)) == [Verdict.WRONG_SIGNATURE]
    stranger = Documents(DEVICE, 1, Keyring(CAMPUS_NUMBER, CAMPUS_PUBLIC), MemoryPapers())
    own = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    stranger.key(replace(site.centre.key, public=own))
    assert verdicts(stranger.head(forged, 9, 0.0)) == [Verdict.UNKNOWN_KEY]
    assert (site.generation, site.papers.held) == (0, {})


def test_pages_that_do_not_give_the_digest_are_thrown_away(site: Site) -> None:
    """The table proves nothing: a box may have made it fit its own pages."""
    site.centre.make(body_of(3))
    signed, lie = site.centre.signed(1), body_of(4)
    liar = Centre(bodies={1: lie})
    offered = liar.head(1)._replace(raw=signed.raw, signature=signed.signature)
    said = site.documents.head(offered, 9, 0.0)
    for number in said[0].message.numbers:
        said = site.documents.page(liar.page(1, number), 9, 0.0) or said
    assert verdicts(said) == [Verdict.WRONG_DIGEST]
    assert (site.generation, site.papers.held, site.documents.is_fetching) == (0, {}, False)


@pytest.mark.parametrize("scope", [device_scope(DeviceId(b"\0\1\0\0\0\x08")), model_scope(2)])
def test_what_is_for_another_body_is_refused(site: Site, scope: bytes) -> None:
    site.centre.scope = scope
    site.centre.make(body_of(3))
    assert verdicts(site.documents.head(site.centre.head(1), 9, 0.0)) == [Verdict.NOT_FOR_ME]


def test_its_own_document_counts_before_its_models_and_that_before_the_campuses(site: Site) -> None:
    for number, scope in enumerate((CAMPUS, model_scope(1), device_scope(DEVICE))):
        site.centre = Centre(scope=scope)
        site.centre.make(body_of(number))
        site.offer(1)
        assert [site.listed(n) for n in range(3)] == [n == number for n in range(3)]


def test_a_body_that_does_not_understand_a_kind_says_so(site: Site) -> None:
    centre = Centre(DocumentKind.REVOCATIONS)
    centre.make(b"x")
    site.documents.key(centre.key)
    assert verdicts(site.documents.head(centre.head(1), 9, 0.0)) == [Verdict.UNSUPPORTED]


def test_bytes_that_are_no_hotlist_are_refused_though_they_are_signed(site: Site) -> None:
    site.centre.make(b"\2" + NOBODY[1:])
    assert site.offer(1).verdict is Verdict.MALFORMED
    assert site.generation == 0


def test_a_store_without_room_keeps_the_former_one(site: Site) -> None:
    site.centre.make(body_of(3))
    site.offer(1)
    site.centre.make(body_of(4))
    site.papers.is_full = True
    report = site.offer(2)
    assert (report.verdict, report.generation, report.offered) == (Verdict.NO_ROOM, 1, 2)
    assert site.listed(3)
    site.papers.is_full = False
    assert site.offer(2).verdict is Verdict.IN_USE


def test_it_is_durable_before_it_counts(site: Site) -> None:
    site.centre.make(body_of(3))
    seen: list[int] = []
    site.papers.before_keep = lambda: seen.append(site.generation)
    site.offer(1)
    assert seen == [0]


def test_a_fresher_head_of_the_same_document_is_younger_and_kept_once_an_hour(site: Site) -> None:
    site.centre.make(body_of(3))
    site.offer(1)
    kept: list[int] = []
    site.papers.before_keep = lambda: kept.append(1)
    begin = 848_000_000 // FRESH_KEPT_S * FRESH_KEPT_S + FRESH_KEPT_S
    for minute in range(0, 120, 10):
        assert verdicts(site.documents.head(site.centre.head(1, begin + minute * 60), 9, 0.0)) == [Verdict.IN_USE]
    assert (site.documents.in_use(DocumentKind.HOTLIST).head.as_of, len(kept)) == (begin + 110 * 60, 2)
    assert site.boot().in_use(DocumentKind.HOTLIST).head.as_of == begin + 60 * 60


def test_a_fetch_that_gets_nothing_asks_again_and_then_ends(site: Site) -> None:
    site.centre.make(body_of(3))
    assert len(site.documents.head(site.centre.head(1), 9, 0.0)) == 1
    asked = 0
    for step in range(1, 100):
        asked += len(site.documents.tick(step * AGAIN_S))
    assert (asked, site.documents.is_fetching, site.documents.due_s()) == (TRIES_MAX - 1, False, float("inf"))
    assert site.offer(1).verdict is Verdict.IN_USE


def test_a_newer_offer_takes_the_place_of_one_that_is_under_way(site: Site) -> None:
    site.centre.make(body_of(3))
    site.centre.make(body_of(4))
    site.documents.head(site.centre.head(1), 9, 0.0)
    site.documents.head(site.centre.head(2), 9, 0.0)
    assert site.documents.head(site.centre.head(1), 9, 0.0) == []
    assert site.documents.page(site.centre.page(1, 0), 9, 0.0) == [], "of a generation that nobody wants any more"
    assert site.documents.page(site.centre.page(2, 0), 9, 0.0) != [] or site.documents.is_fetching


def test_a_body_without_the_campus_key_takes_none_and_says_none() -> None:
    bare = Documents(DEVICE, 1, None, MemoryPapers())
    bare.boot()
    centre = Centre()
    centre.make(body_of(3))
    bare.key(centre.key)
    assert (bare.joined(), bare.head(centre.head(1), 9, 0.0), bare.in_use(DocumentKind.HOTLIST)) == ([], [], None)


def test_a_body_that_takes_documents_says_so_before_it_has_any(site: Site) -> None:
    (say,) = site.documents.joined()
    assert (say.message.kind, say.message.generation, say.message.verdict) == (DocumentKind.HOTLIST, 0, Verdict.IN_USE)


def test_two_scopes_do_not_share_a_paper(site: Site) -> None:
    for scope in (CAMPUS, device_scope(DEVICE)):
        site.centre = Centre(scope=scope)
        site.centre.make(body_of(3))
        site.offer(1)
    assert len({*site.papers.held}) == 2


DAY_S = 86_400
NOW_S = 848_000_000 + 60 * DAY_S


def test_a_body_that_was_away_catches_up_for_a_minute_at_most(site: Site) -> None:
    site.centre.make(body_of(3))
    site.offer(1)
    assert not site.documents.is_catching_up(0.0, NOW_S), "nothing newer is offered"
    site.centre.make(body_of(*range(0, 40_000, 9_000)))
    site.documents.head(site.centre.head(2), 9, 10.0)
    assert site.documents.is_catching_up(69.0, NOW_S)
    assert site.documents.is_catching_up(69.0, None), "nobody knows how old it is"
    assert not site.documents.is_catching_up(69.0, 848_000_000 + DAY_S - 1), "it is not old"
    assert not site.documents.is_catching_up(70.0, NOW_S), "it sells on while it goes on"
    assert site.documents.is_fetching


def test_a_link_that_flaps_stops_no_till(site: Site) -> None:
    site.centre.make(body_of(3))
    site.offer(1)
    site.centre.make(body_of(4))
    waited = 0
    for second in range(600):
        if second % 5 == 0:
            site.documents.joined()
            site.documents.head(site.centre.head(2), 9, float(second))
        waited += site.documents.is_catching_up(float(second), NOW_S)
    assert waited == 60
    site.documents.joined()
    assert site.offer(2).verdict is Verdict.IN_USE
    site.centre.make(body_of(5))
    site.documents.head(site.centre.head(3), 9, 601.0)
    assert site.documents.is_catching_up(602.0, NOW_S), "the next time that it has grown old it waits again"


def test_a_list_may_come_to_all_at_once_and_is_caught_up_with_all_the_same(site: Site) -> None:
    site.centre.make(body_of(3))
    site.offer(1)
    body = body_of(*range(0, 40_000, 9_000))
    signed = site.centre.signed(site.centre.make(body))
    assert site.documents.announced(signed) == decode_head(signed.raw)
    assert site.documents.is_catching_up(10.0, NOW_S)
    assert not site.documents.is_catching_up(70.0, NOW_S), "it sells on while it goes on"
    site.documents.is_in_tap = lambda: True
    assert site.documents.received(signed, body, 9) == [], "the tap ends under the list that it began with"
    assert site.documents.in_use(DocumentKind.HOTLIST).head.generation == 1
    site.documents.is_in_tap = lambda: False
    [said] = site.documents.received(signed, body, 9)
    assert (said.message.verdict, said.message.generation) == (Verdict.IN_USE, 2)
    assert not site.documents.is_catching_up(11.0, NOW_S)
    assert site.documents.announced(signed) is Verdict.IN_USE


def test_what_is_neither_firmware_nor_a_list_does_not_come_to_all() -> None:
    site = Site()
    site.centre = Centre(DocumentKind.ORDER, device_scope(DEVICE))
    site.documents.key(site.centre.key)
    signed = site.centre.signed(site.centre.make(b"order"))
    assert site.documents.announced(signed) is Verdict.UNSUPPORTED


def test_a_list_that_comes_to_all_leaves_the_slot_of_firmware_alone(site: Site) -> None:
    firmware = MemorySlot()
    firmware.write(0, b"half a release")
    slots = Slots(firmware)
    head = decode_head(site.centre.signed(site.centre.make(body_of(3))).raw)
    assert not slots.begin(head)
    slots.write(0, b"a page")
    assert (slots.body(), firmware.body()) == (b"a page", b"half a release")
    slots.begin(replace(head, kind=DocumentKind.FIRMWARE, scope=model_scope(1)))
    assert firmware.erased == 1
