"""A small school: masters, cards and PSAMs of the real code, and a second, straight computation of every MAC."""

import itertools
import random

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from shared.clocks.clock import CampusTime, date_time_bcd
from shared.online import LoadAnswer, LoadResult
from shared.purse.caps import MealClock
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import (
    CardKey,
    CardKeys,
    PsamMaster,
    RamMemory,
    decode_card_image,
    new_card_image,
    new_psam_image,
)
from shared.purse.cos.psam import Psam
from shared.purse.cos.torn import Tear, TearingChannel, TearingMemory
from shared.purse.crypto import Key, diversify
from shared.purse.effects import drive
from shared.purse.files import PublicData
from shared.purse.flows.load import load
from shared.purse.flows.recovery import recover, recover_load
from shared.purse.flows.till import identify, open_psam, purchase
from shared.purse.load_auth import LoadAuth, authorise
from shared.purse.outcomes import (
    Declined,
    Loaded,
    LoadOrder,
    LoadRefused,
    LoadUnknown,
    NotCredited,
    NotDebited,
    Purchased,
    PurchaseOrder,
    RecoveredLoad,
    RecoveredPurchase,
    Unknown,
)
from shared.purse.profiles import CAMPUS, PurchaseForm, diversification_factors
from shared.purse.suite import SM4_CAMPUS

NOW_S = 817_339_530
PSAM_ID = bytes.fromhex("510000000023")
OTHER_ID = bytes.fromhex("510000000024")
CLOCK = MealClock(9459, 2, is_set=True)


class Reference:
    """The standard once more, without a line of ours: CBC of the library, keys as bytes."""

    @staticmethod
    def ecb(key, data):
        triple = TripleDES(key * 3 if len(key) == 8 else key + key[:8])
        return Cipher(triple, modes.ECB()).encryptor().update(data)  # noqa: S305 - single blocks, as the standard

    @staticmethod
    def mac(key, data):
        padded = data + b"\x80" + bytes(-(len(data) + 1) % 8)
        return Cipher(TripleDES(key * 3), modes.CBC(bytes(8))).encryptor().update(padded)[-8:-4]

    @classmethod
    def tac(cls, dtk, data):
        return cls.mac(bytes(a ^ b for a, b in zip(dtk[:8], dtk[8:], strict=True)), data)


class School:
    """Masters of two purchase key versions, a seeded random source, and makers of cards and PSAMs."""

    def __init__(self, seed=1):
        self.rng = random.Random(seed)
        self.purchase = {1: Key(self.rng.randbytes(16)), 2: Key(self.rng.randbytes(16))}
        self.load = Key(self.rng.randbytes(16))
        self.tac = Key(self.rng.randbytes(16))
        self.sm4 = {name: Key(self.rng.randbytes(16), SM4_CAMPUS) for name in ("purchase", "load", "tac")}
        self.now = CampusTime(NOW_S, is_set=True)
        self.time = itertools.count(NOW_S)

    def public(self, number, profile=CAMPUS, **changed):
        if profile.purchase is PurchaseForm.CAPP:
            fields = {"issuer": b"\x53\x03", "serial": number.to_bytes(8, "big"), "city": b"\x45\x10"}
            fields |= {"industry": b"\x00\x01", "card_type": 1, "subtype": 2}
        else:
            fields = {"issuer": bytes(6) + b"\x53\x03", "serial": number.to_bytes(10, "big")}
        fields |= {"start": bytes.fromhex("20250901"), "expiry": bytes.fromhex("20290731")}
        return PublicData(**fields | changed)

    def sm4_keys(self, public, version=1):
        """A card whose money keys are SM4 alone."""
        serial = public.serial[-8:]
        dpk, dlk, dtk = (diversify(self.sm4[name], serial) for name in ("purchase", "load", "tac"))
        return CardKeys((CardKey(version, version, dpk),), (CardKey(version, version, dlk),), dtk)

    def keys(self, public, profile=CAMPUS, algorithm=0):
        factors = tuple(reversed(diversification_factors(profile, public)))
        dpk = tuple(CardKey(n, n, diversify(self.purchase[n], *factors), algorithm) for n in (1, 2))
        dlk = CardKey(1, 1, diversify(self.load, *factors), algorithm)
        return CardKeys(dpk, (dlk,), diversify(self.tac, *factors))

    def memory(self, number=4711, balance=5000, profile=CAMPUS, ceiling=100_000, algorithm=0, **changed):
        public = self.public(number, profile, **changed)
        keys = self.keys(public, profile, algorithm)
        return RamMemory(new_card_image(profile, public, keys, opening_balance_fen=balance, ceiling_fen=ceiling))

    def card(self, memory=None, **wanted):
        card = UserCard(memory or self.memory(**wanted), self.rng.randbytes)
        card.power_on()
        return card

    def psam(self, psam_id=PSAM_ID, levels=1, memory=None):
        masters = {version: PsamMaster(key, levels) for version, key in self.purchase.items()}
        psam = Psam(memory or RamMemory(new_psam_image(psam_id, masters)), self.rng.randbytes)
        psam.power_on()
        drive(open_psam(), psam=psam)
        return psam

    def order(self, amount=1250, psam_id=PSAM_ID, clock=CLOCK, caps=None, key_id=1):
        return PurchaseOrder(amount, next(self.time), psam_id, clock, caps, key_id)

    def identify(self, card, profile=CAMPUS):
        return drive(identify(profile, self.now), card=card)

    def buy(self, card, psam, order=None, profile=CAMPUS, hotlist=(), persist=lambda pending: None):
        identity = self.identify(card, profile)
        order = order or self.order()
        return drive(
            purchase(order, identity),
            card=card, psam=psam, persist=persist, lookup=lambda card_id, index: index in hotlist,
        )  # fmt: skip

    def centre(self, terminal_id=PSAM_ID):
        """The centre of a load: grants what a right MAC1 asks for."""

        def answer(request):
            dlk = diversify(self.load, request.card[2:])
            auth = LoadAuth(
                request.card, request.key_version, request.algorithm, request.rnd, request.counter,
                request.balance_fen, request.amount_fen, request.type, terminal_id, request.mac1,
            )  # fmt: skip
            time_s = next(self.time)
            mac2 = authorise(dlk, auth, time_s)
            if mac2 is None:
                return LoadAnswer(LoadResult.WRONG_MAC)
            return LoadAnswer(LoadResult.GRANTED, time_s, mac2, request.amount_fen)

        return answer

    def load_card(self, card, amount=2000, ask=None, persist=lambda pending: None):
        identity = self.identify(card)
        order = LoadOrder(amount, PSAM_ID)
        return drive(load(order, identity), card=card, persist=persist, ask=ask or self.centre())

    def dtk(self, card_id):
        return diversify(self.tac, card_id[2:]).octets

    def purchase_tac(self, pending):
        """What the TAC of this purchase has to be, by the reference."""
        data = (
            pending.amount_fen.to_bytes(4, "big") + bytes((pending.type,)) + pending.psam_id
            + pending.ttn.to_bytes(4, "big") + date_time_bcd(pending.time_s)
        )  # fmt: skip
        return Reference.tac(self.dtk(pending.card_id), data)

    def load_tac(self, pending):
        request = pending.request
        data = (
            pending.balance_after_fen.to_bytes(4, "big") + request.counter.to_bytes(2, "big")
            + request.amount_fen.to_bytes(4, "big") + b"\x02" + pending.terminal_id + date_time_bcd(pending.time_s)
        )  # fmt: skip
        return Reference.tac(self.dtk(request.card), data)


class Knife:
    """Cuts the n-th step it is asked about, once; counts all of them."""

    def __init__(self, at=None, tear=Tear.NOT):
        self.at, self.tear, self.steps = at, tear, 0

    def __call__(self):
        self.steps += 1
        return self.tear if self.steps - 1 == self.at else Tear.NOT


class Till:
    """One till with its card, PSAM and one pending slot, and knives in every place that can tear."""

    def __init__(self, school, profile=CAMPUS, balance=5000, psam_id=PSAM_ID):
        self.school, self.profile, self.psam_id = school, profile, psam_id
        self.ram = school.memory(balance=balance, profile=profile)
        self.knife = Knife()
        self.card = school.card(TearingMemory(self.ram, lambda: self.knife()))
        self.field = TearingChannel(self.card, lambda: self.knife())
        self.slot = None
        self.spent = 0
        self.loaded = 0
        self.psam_knife = Knife()
        real = school.psam(psam_id)
        real._memory = TearingMemory(real._memory, lambda: self.psam_knife())
        self.psam = TearingChannel(real, lambda: self.psam_knife())

    def present(self):
        """The card comes into the field: power, then who it is."""
        self.card.power_on()
        return self.school.identify(self.field, self.profile)

    def keep(self, pending):
        self.slot = pending

    def buy(self, amount=1250):
        order = self.school.order(amount, self.psam_id)
        try:
            identity = self.present()
            outcome = drive(
                purchase(order, identity), card=self.field, psam=self.psam, persist=self.keep,
                lookup=lambda card_id, index: False,
            )  # fmt: skip
        finally:
            self.knife = Knife()
        return self.settle(outcome)

    def load(self, amount=2000):
        identity = self.present()
        order = LoadOrder(amount, PSAM_ID)
        outcome = drive(load(order, identity), card=self.field, persist=self.keep, ask=self.school.centre())
        self.knife = Knife()
        return self.settle(outcome)

    def settle(self, outcome):
        """What a terminal does with an outcome: book it, erase the slot, or keep it."""
        match outcome:
            case Purchased() | RecoveredPurchase():
                assert outcome.tac == self.school.purchase_tac(outcome.purchase)
                self.spent += outcome.purchase.amount_fen
                self.slot = None
            case Loaded() | RecoveredLoad():
                assert outcome.tac == self.school.load_tac(outcome.load)
                self.loaded += outcome.load.request.amount_fen
                self.slot = None
            case Declined() | LoadRefused() | NotDebited() | NotCredited():
                self.slot = None
        return outcome

    def recover(self, live_ttn=None):
        identity = self.present()
        outcome = drive(recover(self.slot, identity, live_ttn), card=self.field, psam=self.psam)
        self.knife = Knife()
        return self.settle(outcome)

    def recover_load(self):
        identity = self.present()
        outcome = drive(recover_load(self.slot, identity), card=self.field)
        self.knife = Knife()
        return self.settle(outcome)

    def cut(self, at, tear):
        """The next action is cut at this step."""
        self.knife = Knife(at, tear)

    def cut_psam(self, at, tear):
        """The next action is cut at this step of the PSAM."""
        self.psam_knife = Knife(at, tear)

    def steps_of(self, action):
        """How many cuttable steps an uncut run of this action has."""
        self.knife = knife = Knife()
        action()
        return knife.steps

    def torn_after(self):
        """A purchase whose debit took effect and whose answer was lost."""
        return self._torn(self.buy, 5, Tear.AFTER)

    def torn_before(self):
        """A purchase whose debit never reached the card."""
        return self._torn(self.buy, 4, Tear.BEFORE)

    def torn_load(self, tear):
        """A load cut at the card's write."""
        return self._torn(self.load, 3, tear)

    def _torn(self, action, at, tear):
        self.cut(at, tear)
        outcome = action()
        assert isinstance(outcome, Unknown | LoadUnknown)
        return outcome.pending

    def elsewhere(self, amount):
        """The card buys at another till, with nothing torn."""
        self.card.power_on()
        outcome = self.school.buy(self.card, self.school.psam(OTHER_ID), self.school.order(amount, OTHER_ID))
        assert isinstance(outcome, Purchased)
        return outcome

    def set_counters(self, **counters):
        image = decode_card_image(self.ram.image)
        for name, value in counters.items():
            setattr(image, name, value)
        self.ram.image = image.encode()

    @property
    def balance(self):
        return decode_card_image(self.ram.image).balance_fen


class Muted:
    """A card that answers some instructions in its own way."""

    def __init__(self, card, answers):
        self.card, self.answers = card, answers

    def transmit(self, apdu, /):
        answer = self.answers.get(apdu[1])
        if isinstance(answer, Exception):
            raise answer
        return self.card.transmit(apdu) if answer is None else bytes.fromhex(answer)


@pytest.fixture
def school():
    return School()


@pytest.fixture(scope="session")
def reference():
    return Reference


@pytest.fixture(scope="session")
def new_school():
    """Another school on demand, for loops that need a fresh one each time."""
    return School


@pytest.fixture(scope="session")
def new_till():
    return Till


@pytest.fixture(scope="session")
def muted():
    return Muted
