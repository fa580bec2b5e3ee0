"""A roll-out over the real ledger: permits signed beforehand, waves that follow what terminals have said, a stop."""

from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.fleet.centre import Centre
from cloud.fleet.rolling import Rollouts
from cloud.fleet.trusting import TRUST
from cloud.ledger.checks.book_chain import check_book_chain
from cloud.ledger.checks.fleet.documents import check_documents
from cloud.ledger.checks.fleet.firmware import check_rollouts
from cloud.ledger.fleet.documents.door import DocumentLedger
from cloud.ledger.fleet.firmware.door import FirmwareLedger
from cloud.ledger.fleet.firmware.releases import Release, take_trust, way_back
from cloud.ledger.fleet.firmware.rows import rows_of
from cloud.ledger.fleet.firmware.state import Phase, Rollout, TerminalState
from cloud.ledger.fleet.firmware.views import rollout_view
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now
from provisioning.keys.documents import ONLINE
from shared.errors import ConfigFault, KeyFault
from shared.fleet.document import DIGEST_SIZE, DocumentKind, Head, device_scope, digest_of, model_scope
from shared.fleet.firmware import Image
from shared.fleet.permit import Permit, decode_permit, nothing
from shared.ids import BoxId, DeviceId
from shared.keys import trust
from shared.keys.document_key import certify_document_key, sign_head
from shared.keys.firmware_file import SignedImage
from shared.wire.fleet_lane import FirmwareProgress, Held, HeldRow, Progress, Reported, Stage, Verdict, Why
from tests.cloud.fleet.documents import CAMPUS_NUMBER, Signer
from tests.cloud.ledger.campus import BOX, FAR, NOW, OTHER_BOX, POS, POS2, later

GOOD = b"def words(face, zh, en):\n    return zh, en\n"
S = TerminalState
MODEL = model_scope(1)
NOTHING = 0, bytes(DIGEST_SIZE)


class Fleet:
    """The centre's side, and what is said to it."""

    def __init__(self, opened: OpenedLedger) -> None:
        self.opened = opened
        self.documents, self.firmware = DocumentLedger(opened), FirmwareLedger(opened)
        self.signer = Signer(kinds=ONLINE)
        self.rollouts = Rollouts(self.firmware, self.signer)
        self.centre = Centre(opened, self.signer)
        self._officers = Ed25519PrivateKey.generate()

    def release(self, number: int, program: bytes = GOOD) -> Release:
        image = Image(1, number, f"lines-{number}", program)
        body = image.encode()
        public = self._officers.public_key().public_bytes_raw()
        key = certify_document_key(CAMPUS_NUMBER, DocumentKind.FIRMWARE, 1, public, self.signer.campus)
        head = Head(1, DocumentKind.FIRMWARE, MODEL, number, NOW.campus_s, len(body), digest_of(body))
        signed = SignedImage(key, sign_head(CAMPUS_NUMBER, head, self._officers), body)
        return self.firmware.take(signed, head, image, "张三", NOW)[0]

    def roll_out(self, release: Release, *waves: list[DeviceId], now: Now = NOW, **other: int) -> int:
        rollout = Rollout(
            0, 1, release.release, "王芳", "新版", 0, 0, "100%", 20, 1, wait_ms=600_000, run_ms=60_000
        )._replace(**other)
        shared = {device: wave for wave, devices in enumerate(waves, 1) for device in devices}
        return self.rollouts.make(rollout, release, shared, now)

    def states(self, number: int) -> dict[bytes, TerminalState]:
        with self.opened.database.reading():
            return {row.device: row.state for row in rows_of(self.opened.database, number)}

    def phase(self, number: int, now: Now = NOW) -> Phase:
        with self.opened.database.reading():
            found = rollout_view(self.opened.database, number, now)
        assert found is not None
        return found[0].phase

    def permit(self, device: DeviceId) -> Permit | None:
        """What is sent to it, proven as it does."""
        for one in self.documents.wanted():
            if one.document.which == (DocumentKind.PERMIT, device_scope(device)):
                assert self.signer.opened(one.signed) == one.head
                return decode_permit(self.documents.body(one.document))
        return None

    def says(
        self, device: DeviceId, verdict: Verdict, offered: int, used: tuple[int, bytes] = NOTHING, now: Now = NOW,
        box: BoxId = BOX,
    ) -> None:  # fmt: skip
        said = Reported(device, DocumentKind.FIRMWARE, MODEL, *used, 0, 0, 0, offered, verdict)
        self.documents.reported(box, said, now)

    def uses(self, device: DeviceId, release: Release, now: Now = NOW, box: BoxId = BOX) -> None:
        self.says(device, Verdict.IN_USE, release.release, (release.release, release.digest), now, box)

    def has_permit(self, device: DeviceId, box: BoxId = BOX) -> None:
        """It says that it uses the permit that is sent."""
        (one,) = [w for w in self.documents.wanted() if w.document.which == (DocumentKind.PERMIT, device_scope(device))]
        head = one.head
        said = Reported(device, *one.document.which, head.generation, head.digest, 0, 0, 0, 0, Verdict.IN_USE)
        self.documents.reported(box, said, NOW)

    def holds(self, release: Release, *devices: DeviceId, box: BoxId = BOX) -> None:
        names = {(DocumentKind.PERMIT, device_scope(device)) for device in devices} | {release.which}
        there = [one for one in self.documents.wanted() if one.document.which in names]
        rows = (HeldRow(*one.document.which, one.head.generation, one.head.digest, 0) for one in there)
        self.documents.held(box, Held(tuple(rows)), NOW)

    def sees(self, device: DeviceId, stage: Stage, why: Why = Why.NOTHING, box: BoxId = BOX) -> None:
        row = Progress(device, stage, why, 3, 9, 1)
        self.centre.progressed(box, FirmwareProgress(MODEL, 2, (row,)), NOW)

    def check(self) -> str:
        with self.opened.database.reading():
            checks = (check_rollouts, check_documents, check_book_chain)
            return next((found for check in checks if (found := check(self.opened.database).broken)), "")

    def chain(self) -> trust.Chain | None:
        """What boxes are sent."""
        made = self.documents.newest(TRUST)
        return None if made is None else trust.decode_chain(self.documents.body(made))

    def facts(self) -> list[str]:
        with self.opened.database.reading():
            codes = [code for (code,) in self.opened.database.run("SELECT code FROM fact ORDER BY id")]
        return [code for code in codes if code.startswith(("rollout", "firmware"))]


@pytest.fixture
def fleet(opened: OpenedLedger) -> Fleet:
    return Fleet(opened)


def test_a_release_is_kept_and_sent_to_nobody(fleet: Fleet) -> None:
    one = fleet.release(2)
    assert fleet.documents.wanted() == []
    assert fleet.firmware.keys() == [one.key]
    assert fleet.release(2) == one, "again is no other"
    assert len(fleet.firmware.releases()) == 1
    with pytest.raises(ConfigFault):
        fleet.release(2, GOOD + b"#")
    fleet.release(4)
    with pytest.raises(ConfigFault):
        fleet.release(3)
    assert (fleet.check(), fleet.facts()) == ("", ["firmware-released"] * 2)


def test_waves_follow_what_the_terminals_have_said_hop_by_hop(fleet: Fleet) -> None:
    one = fleet.release(2)
    number = fleet.roll_out(one, [POS], [FAR])
    assert fleet.states(number) == {POS: S.OFFERED, FAR: S.QUEUED}
    assert (fleet.permit(POS), fleet.permit(FAR)) == (Permit(1, 2, one.digest), None)
    assert one.which in [wanted.document.which for wanted in fleet.documents.wanted()], "boxes may have it at once"
    fleet.holds(one, POS)
    assert fleet.states(number)[POS] is S.AT_BOX
    fleet.has_permit(POS)
    assert fleet.states(number)[POS] is S.PERMITTED
    fleet.sees(POS, Stage.WAITING, Why.UNDRAINED)
    fleet.sees(FAR, Stage.COMING)
    assert fleet.states(number) == {POS: S.WAITING, FAR: S.QUEUED}, "a box speaks for its own"
    fleet.says(POS, Verdict.STORED, 2)
    assert fleet.states(number)[POS] is S.WHOLE
    assert fleet.check() == ""
    fleet.uses(POS, one)
    fleet.firmware.move_on(NOW)
    assert fleet.states(number) == {POS: S.IN_USE, FAR: S.OFFERED}
    assert (fleet.permit(POS), fleet.permit(FAR)) == (None, Permit(1, 2, one.digest))
    fleet.uses(FAR, one, box=OTHER_BOX)
    fleet.firmware.move_on(NOW)
    assert (fleet.phase(number), fleet.check()) == (Phase.OVER, "")
    assert not fleet.firmware.move_on(NOW)
    assert fleet.facts() == ["firmware-released", "rollout-made", "rollout-wave", "rollout-wave", "rollout-over"]


def test_one_that_came_back_stops_what_follows_and_permits_are_taken_back(fleet: Fleet) -> None:
    one = fleet.release(2)
    number = fleet.roll_out(one, [POS, POS2], [FAR])
    fleet.has_permit(POS2)
    signed = fleet.signer.signed
    fleet.says(POS, Verdict.REFUSED, 2)
    fleet.firmware.move_on(NOW)
    assert fleet.states(number) == {POS: S.RETURNED, POS2: S.STOPPED, FAR: S.STOPPED}
    assert (fleet.phase(number), fleet.signer.signed) == (Phase.STOPPED, signed), "nobody is asked to sign"
    assert (fleet.permit(POS), fleet.permit(POS2), fleet.permit(FAR)) == (None, nothing(1), None)
    fleet.has_permit(POS2)
    assert fleet.permit(POS2) is None, "it has heard"
    with pytest.raises(ConfigFault, match="失败过多"):
        fleet.rollouts.resume(number, "王芳", "再来", NOW)
    assert fleet.facts()[-2:] == ["rollout-returned", "rollout-stopped"]
    assert fleet.check() == ""


def test_silence_is_a_failure_and_who_comes_back_later_takes_nothing(fleet: Fleet) -> None:
    one = fleet.release(2)
    number = fleet.roll_out(one, [POS], [POS2])
    fleet.firmware.move_on(later(599_999))
    assert fleet.states(number)[POS] is S.OFFERED
    fleet.firmware.move_on(later(602_000))
    assert (fleet.states(number)[POS], fleet.permit(POS)) == (S.SILENT, nothing(1))
    assert fleet.phase(number) is Phase.STOPPED
    fleet.uses(POS, one, later(700_000))
    assert fleet.states(number)[POS] is S.IN_USE, "its own word counts, however late"
    assert fleet.check() == ""


def test_a_wave_in_which_nobody_changed_pauses_until_a_person_says(fleet: Fleet) -> None:
    one = fleet.release(2)
    fleet.uses(POS, one)
    number = fleet.roll_out(one, [POS], [POS2])
    fleet.firmware.move_on(NOW)
    assert fleet.states(number) == {POS: S.ALREADY, POS2: S.QUEUED}
    assert (fleet.phase(number), fleet.facts()[-1]) == (Phase.PAUSED, "rollout-paused")
    signed = fleet.signer.signed
    fleet.rollouts.resume(number, "李四", "知道", NOW)
    assert fleet.states(number)[POS2] is S.OFFERED
    assert fleet.signer.signed == signed
    fleet.uses(POS2, one)
    fleet.firmware.move_on(NOW)
    assert (fleet.phase(number), fleet.check()) == (Phase.OVER, "")


def test_a_person_stops_it_and_lets_it_go_on_with_new_permits(fleet: Fleet) -> None:
    one = fleet.release(2)
    number = fleet.roll_out(one, [POS], [POS2])
    with pytest.raises(ConfigFault, match="正在进行"):
        fleet.rollouts.resume(number, "李四", "", NOW)
    fleet.firmware.stop(number, "李四", "等等", NOW)
    assert fleet.states(number) == {POS: S.STOPPED, POS2: S.STOPPED}
    assert fleet.permit(POS) == nothing(1)
    with pytest.raises(ConfigFault, match="已停止"):
        fleet.firmware.stop(number, "李四", "", NOW)
    assert fleet.check() == ""
    fleet.rollouts.resume(number, "李四", "继续", later(5))
    assert fleet.states(number) == {POS: S.OFFERED, POS2: S.QUEUED}
    assert fleet.permit(POS) == Permit(1, 2, one.digest)
    assert fleet.check() == ""


def test_one_terminal_is_in_one_rollout_and_boxes_take_no_older_release(fleet: Fleet) -> None:
    one, two = fleet.release(2), fleet.release(3, GOOD + b"# 3")
    number = fleet.roll_out(two, [POS])
    with pytest.raises(ConfigFault, match="升级 1"):
        fleet.roll_out(two, [POS, POS2])
    with pytest.raises(ConfigFault, match="网关已有"):
        fleet.roll_out(one, [POS2])
    fleet.uses(POS, two)
    fleet.firmware.move_on(NOW)
    back = fleet.release(4)
    assert (back.returns_to, two.returns_to) == (2, 0)
    assert way_back(fleet.firmware.releases(), 1, 3) == back
    assert way_back(fleet.firmware.releases(), 1, 4) is None
    again = fleet.roll_out(back, [POS], returns=number)
    assert fleet.states(again) == {POS: S.OFFERED}
    assert fleet.permit(POS) == Permit(1, 4, back.digest)
    assert fleet.check() == ""


def test_without_the_key_process_nothing_is_begun(fleet: Fleet) -> None:
    one = fleet.release(2)
    fleet.signer.is_away = True
    with pytest.raises(KeyFault):
        fleet.roll_out(one, [POS])
    fleet.signer = Signer(kinds=(DocumentKind.ORDER,))
    fleet.rollouts = Rollouts(fleet.firmware, fleet.signer)
    with pytest.raises(ConfigFault):
        fleet.roll_out(one, [POS])
    assert fleet.documents.wanted() == []


def test_the_centre_sends_the_officers_key_with_their_release(fleet: Fleet) -> None:
    one = fleet.release(2)
    fleet.roll_out(one, [POS])
    sent = [message for _, message in fleet.centre.looked(NOW)]
    assert sent == []
    sent = fleet.centre.held(BOX, Held(()), later(2000))
    assert one.key in sent


CONTRADICTIONS = {
    "UPDATE rollout_row SET sent_ms = 0": "without its document",
    "UPDATE rollout_row SET wave = 2": "has not begun",
    "UPDATE rollout_row SET over_ms = 1": "over, and not over",
    "UPDATE rollout_row SET body = off_body": "another release",
    "UPDATE rollout_row SET generation = generation + 1": "another release",
    "DELETE FROM document_head WHERE kind = 8": "nobody is sent",
    "UPDATE rollout_row SET state = 12": "boxes are sent",
}


class _Undone(Exception):
    """Nothing of it stays."""


def found_after(fleet: Fleet, change: str) -> str:
    """What the check says of that change, which is then undone."""
    database, found = fleet.opened.database, ""
    with suppress(_Undone), database.writing():
        database.run(change)
        found = check_rollouts(database).broken
        raise _Undone
    return found


def test_a_ledger_that_contradicts_itself_is_found(fleet: Fleet) -> None:
    one = fleet.release(2)
    number = fleet.roll_out(one, [POS])
    for change, fault in CONTRADICTIONS.items():
        assert fault in found_after(fleet, change), change
    fleet.uses(POS, one)
    assert fleet.states(number) == {POS: S.IN_USE}
    assert "never reported" in found_after(fleet, "UPDATE document_reported SET reached = 0")
    assert fleet.check() == ""


def test_the_chain_follows_what_the_officers_stand_for_and_its_timestamp_is_renewed(fleet: Fleet) -> None:
    at_s, public = NOW.campus_s, fleet.signer.campus.public_key().public_bytes_raw()
    officers_keys = {role: Ed25519PrivateKey.generate() for role in ("root", "targets")} | fleet.signer.trust
    halves = (officers_keys[role].public_key().public_bytes_raw() for role in trust.Roles._fields)
    root = trust.sign_by(trust.first_root(trust.Roles(*halves), at_s), officers_keys["root"])
    image = Image(1, 2, "lines-2", GOOD)
    targets = trust.sign_by(trust.with_release(None, image, image.encode(), at_s), officers_keys["targets"])
    officers = trust.Officers(trust.anchor_of(root, CAMPUS_NUMBER, fleet.signer.campus), (root,), targets)
    fleet.centre.looked(NOW)
    assert fleet.chain() is None, "without the officers there is none"
    with fleet.opened.writing(NOW) as writing:
        take_trust(writing, trust.encode_officers(officers), "张三")
    fleet.signer.is_away = True
    fleet.centre.looked(later(2_000))
    fleet.signer.is_away = False
    fleet.centre.looked(later(4_000))
    first = fleet.chain()
    assert first is not None
    assert trust.proven(first, None, CAMPUS_NUMBER, public, at_s).releases.keys() == {"firmware/1/2"}
    fleet.centre.looked(later(6_000))
    assert fleet.chain() == first
    day = later(86_400_000 + 10_000)
    fleet.centre.looked(day)
    second = fleet.chain()
    assert second is not None
    assert second != first
    assert trust.proven(second, first, CAMPUS_NUMBER, public, day.campus_s).until_s > at_s + trust.TIMESTAMP_S
    assert Centre(fleet.opened, fleet.signer).looked(day) is not None, "another process goes on from what was made"
    assert fleet.check() == ""
