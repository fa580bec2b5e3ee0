"""The card office at a real card of ours: unload, overdraft, PIN, blocks, keys; torn at every step, and never half."""

import random
from dataclasses import dataclass, field, replace

import pytest

from shared.clocks.clock import CampusTime, date_time_bcd
from shared.purse import crypto
from shared.purse.apdu import Sw
from shared.purse.caps import CardCounters
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import Application, CardKey, CardKeys, RamMemory, personalised_card_image
from shared.purse.cos.torn import Tear, TearingChannel, TearingMemory
from shared.purse.crypto import Key
from shared.purse.desk_outcomes import (
    DoneAtCard,
    NotKnown,
    OverdraftOrder,
    OverdraftRefused,
    OverdraftSet,
    OverdraftUnknown,
    Refused,
    Remedy,
    Unloaded,
    UnloadOrder,
    UnloadRefused,
    UnloadUnknown,
)
from shared.purse.effects import Denial, Grant, UnloadProof, drive, drive_desk
from shared.purse.errors import CardLost, LayoutError
from shared.purse.files import PublicData
from shared.purse.flows import upkeep as upkeep_flow
from shared.purse.flows.load import load
from shared.purse.flows.overdraft import recover_overdraft, set_overdraft
from shared.purse.flows.recovery import recover_load
from shared.purse.flows.till import identify, read_balance
from shared.purse.flows.unload import prove_unload, recover_unload, unload
from shared.purse.load_auth import LoadAuth, authorise, mac3_halves, mac3_is_right
from shared.purse.outcomes import LoadOrder, LoadRefused, NotCredited, PendingLoad, Pin
from shared.purse.overdraft_auth import OverdraftAuth, authorise_overdraft, overdraft_tac_of
from shared.purse.profiles import PROFILES, Purse
from shared.purse.reasons import Reason
from shared.purse.upkeep import (
    BlockApplication,
    BlockCard,
    CardKeyType,
    ExternalAuthAsk,
    InternalAuthAsk,
    KeyUse,
    PinReloadAsk,
    UnblockApplication,
    UnblockPin,
    UpdateFile,
    UpkeepAsk,
    WriteKey,
    plan,
)
from shared.words.voice import Text

DESK = bytes.fromhex("510000000099")
NOW_S = 817_339_530
PIN = Pin(bytes.fromhex("123456"))
OTHER = Pin(bytes.fromhex("654321"))
PROFILE = replace(PROFILES["bank-ed"], unload=frozenset((Purse.ED, Purse.EP)))
KEYS = {name: Key(random.Random(name).randbytes(16)) for name in (
    "purchase", "load", "tac", "unload", "overdraft", "maintenance", "control", "pin-unblock", "pin-reload", "next",
)}  # fmt: skip
NO = Denial(Text("不同意", "no"))


def image(balance=5000, *, pin_for_load=True):
    keys = CardKeys(
        (CardKey(1, 1, KEYS["purchase"]),), (CardKey(1, 1, KEYS["load"]),), KEYS["tac"],
        unload=(CardKey(1, 1, KEYS["unload"]),), overdraft=(CardKey(1, 1, KEYS["overdraft"]),),
        maintenance=KEYS["maintenance"], control=KEYS["control"], pin_unblock=KEYS["pin-unblock"],
        pin_reload=KEYS["pin-reload"], pin=PIN.digits,
    )  # fmt: skip
    public = PublicData(
        issuer=bytes(6) + b"\x53\x03", serial=(4711).to_bytes(10, "big"), start=bytes.fromhex("20250901"),
        expiry=bytes.fromhex("20290731"),
    )  # fmt: skip
    application = Application(
        PROFILE, public, keys, balance, records=(CardCounters().encode(),), ed_ceiling_fen=100_000,
        pin_for_load=pin_for_load, ep_unload=True,
    )  # fmt: skip
    return personalised_card_image([application])


@dataclass
class Office:
    """A desk and its centre: what was kept, what was paid, and one cut at the n-th step of card and memory."""

    balance: int = 5000
    kept: list = field(default_factory=list)
    cut: tuple = (-1, Tear.NOT)
    steps: int = 0
    is_silent: bool = False
    denies: bool = False
    new_key: Key = KEYS["next"]

    def __post_init__(self):
        self.memory = RamMemory(image(self.balance))
        self.card = UserCard(TearingMemory(self.memory, self.tear), random.Random(7).randbytes)
        self.field = TearingChannel(self.card, self.tear)

    def tear(self):
        self.steps += 1
        at, tear = self.cut
        return tear if self.steps - 1 == at else Tear.NOT

    def present(self):
        self.card.power_on()
        return drive(identify(PROFILE, CampusTime(NOW_S, is_set=True)), card=self.field)

    def run(self, flow):
        return drive_desk(flow, card=self.field, centre=self.centre, keep=self.kept.append)

    def now_fen(self):
        self.cut = (-1, Tear.NOT)
        self.card.power_on()
        drive(identify(PROFILE, CampusTime(NOW_S, is_set=True)), card=self.card)
        return drive(read_balance(), card=self.card)

    def centre(self, question):
        if self.denies:
            return NO
        if self.is_silent:
            return None
        match question:
            case LoadAuth():
                mac2 = authorise(KEYS["unload"], question, NOW_S)
                return NO if mac2 is None else Grant(NOW_S, mac2)
            case UnloadProof(auth, time_s, mac3):
                return any(mac3_is_right(KEYS["unload"], auth, time_s, half) for half in mac3_halves(mac3))
            case OverdraftAuth():
                mac2 = authorise_overdraft(KEYS["overdraft"], question, NOW_S)
                return NO if mac2 is None else Grant(NOW_S, mac2)
            case UpkeepAsk(_, challenge, operation):
                made = plan(operation)
                body = made.field + (self.new_key.octets if made.writes else b"")
                key = KEYS[made.use]
                return crypto.protected_command(key, challenge, made.header, body, is_hidden=made.is_hidden)
            case PinReloadAsk(_, pin):
                return crypto.pin_reload_mac(KEYS[KeyUse.PIN_RELOAD], pin)
            case ExternalAuthAsk(_, challenge):
                return crypto.encrypt_block(KEYS[KeyUse.CONTROL], challenge)
            case InternalAuthAsk(_, data, answer):
                return crypto.encrypt_block(KEYS["next"], data) == answer


def order(amount=2000, pin=PIN, purse=Purse.EP):
    return UnloadOrder(amount, DESK, purse, pin=pin)


# --- unload ------------------------------------------------------------------------------------------------------


def test_an_unload_takes_and_proves():
    office = Office()
    outcome = office.run(unload(order(), office.present()))
    assert isinstance(outcome, Unloaded)
    pending = outcome.unload
    assert (pending.auth.balance_fen, pending.balance_after_fen, pending.auth.type) == (5000, 3000, 3)
    session = crypto.load_session_key(KEYS["unload"], pending.auth.rnd, pending.auth.counter)
    assert pending.mac3 == crypto.unload_mac3(session, 3000, 0, 2000, DESK, date_time_bcd(NOW_S))
    assert office.now_fen() == 3000
    assert [kept.mac3 for kept in office.kept] == [None, pending.mac3]


@pytest.mark.parametrize(
    ("wanted", "reason", "sw"),
    [
        (order(0), Reason.AMOUNT, None),
        (order(5001), Reason.BALANCE, Sw.BALANCE),
        (order(pin=None), Reason.PIN_WANTED, None),
        (order(pin=OTHER), Reason.PIN_WRONG, 0x63C2),
    ],
)
def test_an_unload_that_may_not_be(wanted, reason, sw):
    office = Office()
    assert office.run(unload(wanted, office.present())) == UnloadRefused(reason, sw)
    assert (office.now_fen(), office.kept) == (5000, [])


def test_a_purse_that_the_profile_does_not_unload():
    office = Office()
    identity = replace(office.present(), profile=PROFILES["subsidy"])
    assert office.run(unload(order(), identity)) == UnloadRefused(Reason.CARD_REFUSED)


@pytest.mark.parametrize(
    ("silent", "reason", "why"), [(True, Reason.CENTRE_SILENT, None), (False, Reason.CENTRE_DENIED, NO.why)]
)
def test_without_the_centre_nothing_is_taken(silent, reason, why):
    office = Office(is_silent=silent, denies=not silent)
    assert office.run(unload(order(), office.present())) == UnloadRefused(reason, None, why)
    assert office.now_fen() == 5000


def test_a_proof_that_cannot_be_handed_in_is_kept():
    office = Office()
    wire = office.centre
    office.centre = lambda question: None if isinstance(question, UnloadProof) else wire(question)
    outcome = office.run(unload(order(), office.present()))
    assert isinstance(outcome, UnloadUnknown)
    assert (outcome.reason, outcome.remedy) == (Reason.CENTRE_SILENT, Remedy.ASK_CENTRE_AGAIN)
    assert outcome.pending.mac3
    office.centre = wire
    again = office.run(prove_unload(outcome.pending, outcome.pending.mac3))
    assert isinstance(again, Unloaded)
    assert isinstance(office.run(recover_unload(outcome.pending, office.present())), Unloaded)
    assert office.now_fen() == 3000


def test_a_wrong_mac3_pays_nothing():
    office = Office()
    outcome = office.run(unload(order(), office.present()))
    forged = office.run(prove_unload(outcome.unload, b"\0\0\0\0"))
    assert isinstance(forged, UnloadUnknown)
    assert (forged.reason, forged.pending.mac3) == (Reason.MAC3_WRONG, None)


def count_steps(act):
    office = Office()
    identity = office.present()
    office.steps = 0
    act(office, identity)
    return office.steps


def cuts(act):
    steps = count_steps(act)
    return [(at, tear) for at in range(steps) for tear in (Tear.BEFORE, Tear.AFTER)]


def test_torn_at_every_step_an_unload_is_never_half():
    """Whatever is cut: in the end it is either unloaded and proven or not taken; the books and the card agree."""
    ends = set()
    points = cuts(lambda office, identity: office.run(unload(order(), identity)))
    assert len(points) >= 10
    for cut in points:
        office = Office()
        identity = office.present()
        office.steps, office.cut = 0, cut
        outcome = office.run(unload(order(), identity))
        for _ in range(3):
            if not isinstance(outcome, UnloadUnknown):
                break
            assert outcome.remedy is Remedy.PRESENT_AGAIN
            office.cut = (-1, Tear.NOT)
            outcome = office.run(recover_unload(outcome.pending, office.present(), PIN))
        assert isinstance(outcome, Unloaded | UnloadRefused), (cut, outcome)
        assert office.now_fen() == (3000 if isinstance(outcome, Unloaded) else 5000), cut
        ends.add(type(outcome))
    assert ends == {Unloaded, UnloadRefused}


def test_another_card_settles_nothing():
    office = Office()
    done = office.run(unload(order(), office.present()))
    stranger = replace(office.present(), card_id=bytes(10))
    outcome = office.run(recover_unload(replace(done.unload, mac3=None), stranger))
    assert (outcome.reason, outcome.remedy) == (Reason.OTHER_CARD, Remedy.PRESENT_AGAIN)


def test_an_unload_that_another_followed_cannot_be_proven():
    office = Office()
    first = office.run(unload(order(1000), office.present())).unload
    office.run(unload(order(500), office.present()))
    unproven = replace(first, mac3=None)
    assert office.run(recover_unload(unproven, office.present())).reason is Reason.PIN_WANTED
    outcome = office.run(recover_unload(unproven, office.present(), PIN))
    assert isinstance(outcome, UnloadUnknown)
    assert outcome.reason is Reason.PROOF_GONE


# --- overdraft ---------------------------------------------------------------------------------------------------


def limit(fen=20_000, pin=PIN):
    return OverdraftOrder(fen, DESK, pin=pin)


def test_an_overdraft_limit_is_set_and_proven():
    office = Office()
    outcome = office.run(set_overdraft(limit(), office.present()))
    assert isinstance(outcome, OverdraftSet)
    auth = outcome.change.auth
    assert (auth.old_limit_fen, auth.balance_fen, auth.balance_after_fen) == (0, 0, 20_000)
    assert outcome.tac == crypto.tac(KEYS["tac"], overdraft_tac_of(auth, NOW_S))
    again = office.run(set_overdraft(limit(1_000), office.present()))
    assert again.change.auth.old_limit_fen == 20_000


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (limit(-1), Reason.AMOUNT), (limit(1 << 24), Reason.AMOUNT), (limit(pin=None), Reason.PIN_WANTED),
        (limit(pin=OTHER), Reason.PIN_WRONG),
    ],
)  # fmt: skip
def test_a_limit_that_may_not_be(wanted, reason):
    office = Office()
    assert office.run(set_overdraft(wanted, office.present())).reason is reason


def test_a_card_without_ed_has_no_limit():
    office = Office()
    identity = replace(office.present(), profile=PROFILES["campus"])
    assert office.run(set_overdraft(limit(), identity)) == OverdraftRefused(Reason.CARD_REFUSED)


def test_torn_at_every_step_a_limit_is_set_or_not():
    points = cuts(lambda office, identity: office.run(set_overdraft(limit(), identity)))
    ends = set()
    for cut in points:
        office = Office()
        identity = office.present()
        office.steps, office.cut = 0, cut
        outcome = office.run(set_overdraft(limit(), identity))
        if isinstance(outcome, OverdraftUnknown):
            office.cut = (-1, Tear.NOT)
            assert office.run(recover_overdraft(outcome.pending, office.present())).reason is Reason.PIN_WANTED
            outcome = office.run(recover_overdraft(outcome.pending, office.present(), PIN))
        assert isinstance(outcome, OverdraftSet | OverdraftRefused), (cut, outcome)
        office.cut = (-1, Tear.NOT)
        after = office.run(set_overdraft(limit(0), office.present()))
        assert after.change.auth.old_limit_fen == (20_000 if isinstance(outcome, OverdraftSet) else 0), cut
        ends.add(type(outcome))
    assert ends == {OverdraftSet, OverdraftRefused}


def test_a_limit_that_another_desk_set_is_not_taken_for_ours():
    """Torn before the change, then changed elsewhere under the same number: the card's proof is the other desk's."""
    office = Office()
    assert isinstance(office.run(set_overdraft(limit(20_000), office.present())), OverdraftSet)
    identity = office.present()
    points = cuts(lambda office, identity: office.run(set_overdraft(limit(), identity)))
    last_command = max(at for at, tear in points if tear is Tear.BEFORE) - 1
    office.steps, office.cut = 0, (last_command, Tear.BEFORE)
    torn = office.run(set_overdraft(limit(1_000), identity))
    assert isinstance(torn, OverdraftUnknown)
    office.cut = (-1, Tear.NOT)
    assert isinstance(office.run(set_overdraft(limit(5_000), office.present())), OverdraftSet)
    outcome = office.run(recover_overdraft(torn.pending, office.present(), PIN))
    assert outcome == OverdraftRefused(Reason.CARD_GONE, None, None, torn.pending)


# --- PIN ---------------------------------------------------------------------------------------------------------


def test_a_load_wants_the_pin():
    office = Office()
    refused = drive(load(LoadOrder(100, DESK), office.present()), card=office.field)
    assert refused == LoadRefused(Reason.PIN_WANTED)
    wrong = drive(load(LoadOrder(100, DESK, pin=OTHER), office.present()), card=office.field)
    assert wrong == LoadRefused(Reason.PIN_WRONG, 0x63C2)
    asked = []
    right = drive(load(LoadOrder(100, DESK, pin=PIN), office.present()), card=office.field, ask=asked.append)
    assert right.reason is Reason.LOAD_NO_ANSWER
    pending = PendingLoad(asked[0], 0x21, DESK, NOW_S)
    assert drive(recover_load(pending, office.present()), card=office.field).reason is Reason.PIN_WANTED
    assert drive(recover_load(pending, office.present(), PIN), card=office.field) == NotCredited(pending)


def test_a_pin_is_verified_changed_locked_unblocked_and_reloaded():
    office = Office()
    card = office.present().card_id
    assert office.run(upkeep_flow.verify_pin(PIN)) == DoneAtCard()
    assert office.run(upkeep_flow.change_pin(PIN, OTHER)) == DoneAtCard()
    for left in (2, 1, 0):
        assert office.run(upkeep_flow.verify_pin(PIN)) == Refused(Reason.PIN_WRONG, 0x63C0 | left)
    assert office.run(upkeep_flow.verify_pin(OTHER)) == Refused(Reason.PIN_LOCKED, Sw.LOCKED)
    assert office.run(upkeep_flow.maintain(UnblockPin(0, OTHER.digits), card)) == DoneAtCard()
    assert office.run(upkeep_flow.verify_pin(OTHER)) == DoneAtCard()
    assert office.run(upkeep_flow.reload_pin(PIN, card)) == DoneAtCard()
    assert office.run(upkeep_flow.verify_pin(PIN)) == DoneAtCard()
    with pytest.raises(LayoutError):
        office.run(upkeep_flow.change_pin(PIN, Pin(b"\x12")))


# --- upkeep ------------------------------------------------------------------------------------------------------


def test_the_application_is_blocked_and_unblocked():
    office = Office()
    card = office.present().card_id
    assert office.run(upkeep_flow.maintain(BlockApplication(), card)) == DoneAtCard()
    assert office.present().reason is Reason.CARD_BLOCKED
    assert office.run(upkeep_flow.maintain(UnblockApplication(), card)) == DoneAtCard()
    assert office.present().card_id == card


def test_a_blocked_card_is_no_card():
    office = Office()
    card = office.present().card_id
    assert office.run(upkeep_flow.maintain(BlockCard(), card)) == DoneAtCard()
    assert office.present().reason is Reason.CARD_BLOCKED


def test_a_file_is_updated_under_protection():
    office = Office()
    card = office.present().card_id
    assert office.run(upkeep_flow.maintain(UpdateFile(0x15, 24, bytes.fromhex("20301231")), card)) == DoneAtCard()
    assert office.present().expiry.hex() == "20301231"
    office.run(upkeep_flow.maintain(UpdateFile(0x15, 8, b"\0"), card))
    assert office.present().reason is Reason.CARD_DISABLED


def test_a_new_key_version_stands_beside_the_old_one():
    office = Office()
    card = office.present().card_id
    added = WriteKey(CardKeyType.UNLOAD, 2, 2, adds=True)
    assert office.run(upkeep_flow.maintain(added, card)) == Refused(Reason.CARD_REFUSED, Sw.SECURITY)
    assert office.run(upkeep_flow.authenticate_to_card(card)) == DoneAtCard()
    assert office.run(upkeep_flow.maintain(added, card)) == DoneAtCard()
    office.run(upkeep_flow.verify_pin(PIN))
    old = office.run(unload(order(100), office.present()))
    assert isinstance(old, Unloaded)
    new = office.run(unload(replace(order(100), key_id=2), office.present()))
    assert new == UnloadRefused(Reason.CENTRE_DENIED, None, NO.why)
    replaced = WriteKey(CardKeyType.UNLOAD, 1, 2, needs_pin=True)
    assert office.run(upkeep_flow.maintain(replaced, card)) == DoneAtCard()
    assert office.run(unload(order(100), office.present())).reason is Reason.CENTRE_DENIED


@pytest.mark.parametrize(
    "operation", [BlockApplication(), UpdateFile(0x15, 8, b"\0"), WriteKey(CardKeyType.LOAD, 1, 2)]
)
def test_without_the_centre_nothing_is_sent(operation):
    office = Office(denies=True)
    card = office.present().card_id
    before = office.memory.image
    assert office.run(upkeep_flow.maintain(operation, card)) == Refused(Reason.CENTRE_DENIED, None, NO.why)
    office.denies, office.is_silent = False, True
    assert office.run(upkeep_flow.maintain(operation, card)) == Refused(Reason.CENTRE_SILENT)
    assert office.run(upkeep_flow.authenticate_to_card(card)) == Refused(Reason.CENTRE_SILENT)
    assert office.run(upkeep_flow.reload_pin(PIN, card)) == Refused(Reason.CENTRE_SILENT)
    assert office.memory.image == before


def test_a_mac_of_another_challenge_changes_nothing():
    office = Office()
    card = office.present().card_id
    wire = office.centre
    office.centre = lambda asked: wire(replace(asked, challenge=bytes(4)))
    outcome = office.run(upkeep_flow.maintain(UpdateFile(0x15, 8, b"\0"), card))
    assert outcome == Refused(Reason.CARD_REFUSED, Sw.SM_WRONG)
    assert office.present().card_id == card


@pytest.mark.parametrize(
    ("operation", "remedy"),
    [
        (UpdateFile(0x15, 8, b"\0"), Remedy.READ_BACK),
        (BlockApplication(), Remedy.REPEAT),
        (WriteKey(CardKeyType.LOAD, 1, 2), Remedy.REPLACE_VERSION),
    ],
)
def test_a_torn_operation_says_what_to_do(operation, remedy):
    office = Office()
    card = office.present().card_id
    office.steps, office.cut = 0, (1, Tear.AFTER)
    assert office.run(upkeep_flow.maintain(operation, card)) == NotKnown(Reason.NO_RESPONSE, remedy)
    office.card.power_on()
    office.steps, office.cut = 0, (0, Tear.BEFORE)
    assert office.run(upkeep_flow.maintain(operation, card)) == Refused(Reason.CARD_GONE)


def test_a_torn_change_of_pin_is_one_of_two():
    office = Office()
    office.present()
    office.steps, office.cut = 0, (0, Tear.AFTER)
    assert office.run(upkeep_flow.change_pin(PIN, OTHER)) == NotKnown(Reason.NO_RESPONSE, Remedy.TRY_BOTH)


class Mute:
    """A card that proves itself with one key, or is lost."""

    def __init__(self, key):
        self.key = key

    def transmit(self, apdu, /):
        if self.key is None:
            raise CardLost("gone")
        return crypto.encrypt_block(self.key, apdu[5:13]) + b"\x90\x00"


@pytest.mark.parametrize(
    ("key", "outcome"),
    [(KEYS["next"], DoneAtCard()), (KEYS["load"], Refused(Reason.FOREIGN_CARD)), (None, Refused(Reason.CARD_GONE))],
)
def test_a_card_proves_itself(key, outcome):
    office = Office()
    office.field = Mute(key)
    assert office.run(upkeep_flow.authenticate_card(bytes(10), b"12345678")) == outcome
