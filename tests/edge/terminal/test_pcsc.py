"""The counter with its card and its PSAM in real PC/SC readers: pcscd, vpcd and pyscard between it and our cards."""

import threading

import pytest

from edge.card.reader import psam as psam_module
from edge.card.reader import reader as reader_module
from edge.card.reader.psam import PsamReader
from edge.card.reader.reader import NoCard, Reader, found_readers
from edge.card.sim.place import CARD_READER, PSAM_READER
from edge.card.sim.slot import Cut
from edge.card.sim.t0 import T0Chip
from edge.terminal.taps.steps import End
from shared.ids import PsamId
from shared.purse.cos.images import CardKey, CardKeys, PsamMaster, RamMemory, new_card_image, new_psam_image
from shared.purse.cos.torn import Tear, TearingMemory
from shared.purse.crypto import diversify
from shared.purse.effects import drive
from shared.purse.errors import CardLost
from shared.purse.files import PublicData
from shared.purse.flows.till import identify, open_psam, purchase, read_log
from shared.purse.outcomes import Purchased, PurchaseOrder
from shared.purse.profiles import BANK_EP
from shared.purse.reasons import Reason
from shared.records import PROVEN
from tests.edge.readers import seen, wait_for
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process
PRICE = 1250
OPENING = 50_000
CARD_COMMANDS = {"SELECT": 1, "READ 0017": 2, "INIT": 3, "80DC": 4, "8054": 5}
LOAD_COMMANDS = {"SELECT": 1, "INIT": 2, "8052": 3}
CUTS = {"8054": (Cut.BEFORE, Cut.AFTER, Cut.MIDDLE), "8052": (Cut.BEFORE, Cut.AFTER, Cut.MIDDLE)}
LESS = (Cut.AFTER, Cut.MIDDLE)
"""Before a command is after the one before it: it counts where money moves."""
SELECT = bytes.fromhex("00A4040009A0000000038698070100")
BALANCE = bytes.fromhex("805C000204")


@pytest.fixture
def till(kit, school, readers):
    """A connected counter whose PSAM lies in the second reader."""
    return at_the_readers(kit.Bench(school).connect(), readers)


@pytest.fixture
def plain_card(school):
    """A bank's card: its public file has no issuer to diversify by, and it buys without CAPP."""
    serial = bytes.fromhex("00002025110000004711")
    start, expiry = bytes.fromhex("20250901"), bytes.fromhex("20290731")
    public = PublicData(b"\x53\x03".rjust(8, b"\0"), serial, start, expiry, b"", b"")
    keys = CardKeys(
        (CardKey(1, 1, diversify(school.purchase, serial[-8:])),),
        (CardKey(1, 1, diversify(school.loads, serial[-8:])),),
        diversify(school.tac, serial[-8:]),
    )
    memory = RamMemory(new_card_image(BANK_EP, public, keys, opening_balance_fen=OPENING))
    return BANK_EP, memory, school.card(memory)


def at_the_readers(bench, readers):
    readers.put_psam(bench.psam)
    bench.counter.psam = readers.psam
    return bench


def sell(till, laid, amount=PRICE):
    with laid:
        return till.sell(None, amount, card=laid)


def paid(till):
    return [record.amount_fen for record in till.written().values() if record.kind in PROVEN]


def test_two_readers_and_no_more(pcscd):
    """Empty as soon as pcscd has seen that the card of the test before has left."""
    empty = [(CARD_READER, b""), (PSAM_READER, b"")]
    wait_for(lambda: [(found.name, found.atr) for found in found_readers()] == empty)


def test_a_sale(till, school, readers, kit):
    memory = school.memory()
    result = sell(till, readers.put(school.card(memory)))
    assert result.end is End.DONE
    assert kit.balance(memory) == OPENING - PRICE
    assert paid(till) == [PRICE]


def test_many_taps_of_the_card_that_stays(till, school, readers, kit):
    """Each laying is a new power-on: no tap sees the session of the one before."""
    memory = school.memory()
    assert sell(till, readers.put(school.card(memory))).end is End.DONE
    for _ in range(20):
        assert sell(till, readers.card.lay(), 100).end is End.DONE
    assert kit.balance(memory) == OPENING - PRICE - 2000
    with readers.card.lay() as card:
        drive(identify(till.settings.profile, till.firmware.body.time()), card=card)
        assert [record.amount_fen for record in drive(read_log(), card=card)][:2] == [100, 100]


@pytest.mark.parametrize(("card_t0", "psam_t0"), [(True, True), (False, True)], ids=["both T=0", "PSAM T=0"])
def test_contact_cards_on_t0(kit, school, readers, card_t0, psam_t0):
    bench = kit.Bench(school).connect()
    bench.psam = T0Chip(bench.psam) if psam_t0 else bench.psam
    till = at_the_readers(bench, readers)
    memory = school.memory()
    card = school.card(memory)
    with readers.put(T0Chip(card) if card_t0 else card) as laid:
        assert laid._connection.is_t0 is card_t0
        assert sell(till, laid).end is End.DONE
    assert kit.balance(memory) == OPENING - PRICE


def test_a_plain_purchase(kit, school, readers, plain_card):
    """Bank form: no CAPP, type 06."""
    profile, memory, card = plain_card
    readers.put_psam(school.psam())
    with readers.put(card) as laid:
        now = kit.Bench(school).firmware.body.time()
        identity = drive(identify(profile, now), card=laid)
        order = PurchaseOrder(PRICE, kit.noon_s, kit.psam_id, None, None)
        bought = drive(
            purchase(order, identity), card=laid, psam=readers.psam, persist=lambda _: None, lookup=lambda *_: False
        )
    assert isinstance(bought, Purchased)
    assert bought.purchase.type == 6
    assert kit.balance(memory) == OPENING - PRICE


def test_a_load(kit, school, readers):
    till = at_the_readers(kit.Bench(school, kind="load").connect(), readers)
    memory = school.memory()
    with readers.put(school.card(memory)) as laid:
        assert till.load(None, 5000, card=laid).end is End.DONE
    assert kit.balance(memory) == OPENING + 5000


@pytest.mark.parametrize("command", CARD_COMMANDS)
def test_a_card_pulled_at_each_command_pays_once(till, school, readers, kit, command):
    memory = school.memory()
    laid = readers.put(school.card(memory))
    for taps, cut in enumerate(CUTS.get(command, LESS), 1):
        readers.server.card.tear(cut, CARD_COMMANDS[command])
        torn = sell(till, laid)
        assert torn.end is not End.DONE
        assert (torn.end is End.UNKNOWN) is (command == "8054")
        assert len(till.shown) == taps - 1
        assert sell(till, readers.put(school.card(memory))).end is End.DONE
        assert kit.balance(memory) == OPENING - PRICE * taps
        assert paid(till) == [PRICE] * taps
        laid = readers.card.lay()


@pytest.mark.parametrize("tear", [Tear.BEFORE, Tear.AFTER])
def test_a_card_that_dies_in_its_commit_pays_once(till, school, readers, kit, tear):
    memory = school.memory()
    plan = iter((tear,))
    torn = school.card(TearingMemory(memory, lambda: next(plan, Tear.NOT)))
    assert sell(till, readers.put(torn)).end is End.UNKNOWN
    assert kit.balance(memory) == OPENING - PRICE * (tear is Tear.AFTER)
    assert sell(till, readers.put(school.card(memory))).end is End.DONE
    assert kit.balance(memory) == OPENING - PRICE
    assert paid(till) == [PRICE]


@pytest.mark.parametrize("command", LOAD_COMMANDS)
def test_a_card_pulled_at_each_command_loads_once(kit, school, readers, command):
    till = at_the_readers(kit.Bench(school, kind="load").connect(), readers)
    memory = school.memory()
    laid, credited = readers.put(school.card(memory)), 0
    for cut in CUTS.get(command, LESS):
        readers.server.card.tear(cut, LOAD_COMMANDS[command])
        with laid:
            assert till.load(None, 5000, card=laid).end is not End.DONE
        credited += 5000 * (command == "8052" and cut is not Cut.BEFORE)
        assert kit.balance(memory) == OPENING + credited
        with readers.put(school.card(memory)) as laid:
            till.load(None, 0, card=laid)
        assert kit.balance(memory) == OPENING + credited
        assert sum(paid(till)) == credited
        laid = readers.card.lay()


def test_a_card_that_never_answers_is_lost_within_the_bound(till, school, readers, kit, monkeypatch):
    monkeypatch.setattr(reader_module, "ANSWER_S", 0.2)
    memory = school.memory()
    laid = readers.put(school.card(memory))
    readers.server.card.tear(Cut.MUTE, CARD_COMMANDS["8054"])
    assert sell(till, laid).end is End.UNKNOWN
    with pytest.raises(NoCard, match="读卡器没有反应"):
        readers.card.lay()
    assert sell(till, readers.put(school.card(memory))).end is End.DONE
    assert kit.balance(memory) == OPENING - PRICE
    assert paid(till) == [PRICE]


def test_a_lost_card_stays_lost_in_its_laying(school, readers):
    """Another card in the same tap must not go on where the first one stopped."""
    laid = readers.put(school.card(school.memory(1)))
    assert laid.transmit(SELECT)[-2:] == b"\x90\x00"
    readers.server.card.pull()
    with pytest.raises(CardLost):
        laid.transmit(BALANCE)
    readers.put(school.card(school.memory(2))).close()
    with pytest.raises(CardLost):
        laid.transmit(SELECT)


def test_a_slot_that_is_dead_already_is_found_dead_by_its_first_select(school, readers):
    """pcscd says for up to 0.4 s that the card is still there."""
    readers.put(school.card(school.memory())).close()
    readers.server.card.pull()
    with pytest.raises(CardLost):
        readers.card.lay().transmit(SELECT)


def test_a_reader_is_held_by_one_till(school, readers):
    other = Reader(CARD_READER)
    with readers.put(school.card(school.memory())), pytest.raises(NoCard, match="正被别的程序占用"):
        other.lay()
    other.lay().close()
    other.close()


def test_a_reader_that_does_not_exist_is_no_card(pcscd):
    reader = Reader("no such reader")
    with pytest.raises(NoCard, match="没有这台读卡器"):
        reader.lay()
    reader.close()


def test_a_psam_pulled_under_8070_stops_the_sale_and_comes_back(till, school, readers, kit):
    memory = school.memory()
    with readers.put(school.card(memory)) as laid:
        readers.server.psam.pull()
        result = till.sell(None, PRICE, card=laid)
    assert (result.end, result.reason) == (End.DECLINED, Reason.PSAM_GONE)
    assert kit.balance(memory) == OPENING
    readers.put_psam(till.psam)
    assert sell(till, readers.card.lay()).end is End.DONE


def test_a_psam_pulled_before_8072_leaves_the_sale_unknown_and_paid_once(till, school, readers, kit):
    memory = school.memory()
    laid = readers.put(school.card(memory))
    assert sell(till, laid, 100).end is End.DONE
    readers.server.psam.tear(Cut.BEFORE, 2)
    assert sell(till, readers.card.lay()).end is End.UNKNOWN
    assert kit.balance(memory) == OPENING - 100 - PRICE
    readers.put_psam(till.psam)
    assert sell(till, readers.card.lay()).end is End.DONE
    assert kit.balance(memory) == OPENING - 100 - PRICE
    assert paid(till) == [100, PRICE]


def test_a_psam_reseated_between_two_sales_costs_no_tap(till, school, readers, kit):
    memory = school.memory()
    assert sell(till, readers.put(school.card(memory)), 100).end is End.DONE
    readers.put_psam(till.psam)
    assert sell(till, readers.card.lay()).end is End.DONE
    assert paid(till) == [100, PRICE]


def test_a_psam_laid_in_a_moment_ago_is_waited_for_and_none_is_not_for_ever(school, readers, kit, monkeypatch):
    psam = PsamReader(Reader(PSAM_READER))
    readers.server.psam.pull()
    wait_for(lambda: not seen(PSAM_READER).atr)
    monkeypatch.setattr(psam_module, "SETTLE_S", 0.0)
    psam.settle()
    assert psam.identity is None
    monkeypatch.setattr(psam_module, "SETTLE_S", PATIENCE_S)
    readers.server.psam.insert(school.psam())
    psam.settle()
    assert psam.identity.psam_id == kit.psam_id
    psam.close()


def test_another_psam_is_not_taken_for_the_first(school, readers, kit):
    psam = PsamReader(Reader(PSAM_READER))
    readers.put_psam(school.psam())
    assert drive(open_psam(), psam=psam).psam_id == kit.psam_id
    image = new_psam_image(PsamId(bytes.fromhex("510000000099")), {1: PsamMaster(school.purchase)})
    readers.put_psam(school.psam(RamMemory(image)))
    for _ in range(2):
        with pytest.raises(CardLost):
            psam.transmit(bytes.fromhex("0084000004"))
    assert psam.identity.psam_id == kit.psam_id
    psam.close()


def test_both_readers_at_once(school, readers):
    """A PSAM that never answers does not hold the card's reader up."""
    laid = readers.put(school.card(school.memory()))
    readers.put_psam(school.psam())
    assert drive(open_psam(), psam=readers.psam)
    readers.server.psam.tear(Cut.MUTE)

    def ask():
        with pytest.raises(CardLost):
            readers.psam.transmit(bytes(5))

    asked = threading.Thread(target=ask)
    asked.start()
    with laid:
        for _ in range(50):
            assert laid.transmit(SELECT)[-2:] == b"\x90\x00"
    assert asked.is_alive()
    readers.server.psam.pull()
    asked.join(PATIENCE_S)
    assert not asked.is_alive()
