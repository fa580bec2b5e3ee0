"""The counter when readers, pcscd or other programs fail it: each ends in a typed error in time, no sale is doubled."""

import shutil
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from edge.card.reader import reader as reader_module
from edge.card.reader.faults import Meaning
from edge.card.reader.psam import PsamReader
from edge.card.reader.reader import NoCard, Reader, found_readers
from edge.card.sim.place import CARD_READER, DRIVER, PSAM_READER
from edge.terminal.taps.steps import End
from shared.errors import ConfigFault
from shared.purse.errors import CardLost
from shared.purse.reasons import Reason
from tests.edge.readers import seen, wait_for
from tests.edge.terminal.test_pcsc import OPENING, PRICE, at_the_readers, paid, sell
from tests.halted import halted
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process
UNPLUGGED = Path(__file__).parents[1] / "card" / "unplugged.c"
IFD_HEADER = Path("/usr/include/PCSC/ifdhandler.h")
needs_a_compiler = pytest.mark.skipif(
    shutil.which("gcc") is None or not IFD_HEADER.exists(), reason="gcc or libpcsclite-dev is not installed"
)
HOLDER = """\
import sys
from edge.card.reader.door import Context
card = Context().connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def service(pcscd):
    """pcscd, which runs again after the test with both readers."""
    own, _ = pcscd
    yield own
    own.kill()
    own.start()


def lines_open():
    return len(list(Path("/proc/self/fd").iterdir()))


def why_none(readers):
    """Why no card can be laid; None when one can. pcscd looks every 0.4 s."""
    try:
        readers.card.lay().close()
    except NoCard as none:
        return none.why
    return None


def plug_again(service, readers):
    """pcscd was killed and its lines dropped: card and PSAM are in no reader any more."""
    readers.server.close()
    service.start()


def test_a_reader_that_was_unplugged_says_so_and_comes_back(kit, school, readers, service):
    till = at_the_readers(kit.Bench(school).connect(), readers)
    memory = school.memory()
    assert sell(till, readers.put(school.card(memory)), 100).end is End.DONE
    service.kill()
    service.start(None)
    assert found_readers() == ()
    with pytest.raises(NoCard, match="没有这台读卡器") as gone:
        readers.card.lay()
    assert not gone.value.may_come
    service.kill()
    plug_again(service, readers)
    readers.put_psam(till.psam)
    assert sell(till, readers.put(school.card(memory))).end is End.DONE
    assert paid(till) == [100, PRICE]


@pytest.fixture
def plug(service, readers, tmp_path):
    """The plug of the readers: while this file exists they are pulled out of the running pcscd."""
    away, driver, name = tmp_path / "away", tmp_path / "unplugged.so", "libifdvpcd.so.0"
    (tmp_path / name).symlink_to(DRIVER)
    paths = ["-Wl,--no-as-needed", str(DRIVER), f"-Wl,-rpath,{tmp_path}", "-I/usr/include/PCSC"]
    words = ["gcc", "-shared", "-fPIC", f'-DAWAY="{away}"', "-o", driver, UNPLUGGED, *paths]
    subprocess.run(words, check=True)
    service.kill()
    service.start(driver)
    return away


@needs_a_compiler
@pytest.mark.parametrize("ins", [0x50, 0x54], ids=["INIT", "8054"])
def test_a_reader_pulled_out_under_a_sale(kit, school, readers, service, plug, ins):
    till = at_the_readers(kit.Bench(school).connect(), readers)
    memory = school.memory()
    laid = readers.put(_Under(school.card(memory), ins, plug.touch))
    assert (sell(till, laid).end is End.UNKNOWN) is (ins == 0x54)
    assert not till.shown
    wait_for(lambda: why_none(readers) is Meaning.NO_READER)
    with pytest.raises(CardLost):
        readers.psam.transmit(bytes.fromhex("0084000004"))
    plug.unlink()
    service.kill()
    plug_again(service, readers)
    readers.put_psam(till.psam)
    assert sell(till, readers.put(school.card(memory))).end is End.DONE
    assert kit.balance(memory) == OPENING - PRICE
    assert paid(till) == [PRICE]


def test_a_psam_reader_that_was_unplugged_stops_the_sale(kit, school, readers, service):
    """The other reader of a PSAM is gone; the card is not touched."""
    till = at_the_readers(kit.Bench(school).connect(), readers)
    memory = school.memory()
    with readers.put(school.card(memory)) as laid:
        till.counter.psam = PsamReader(Reader("no such reader"))
        result = till.sell(None, PRICE, card=laid)
        till.counter.psam.close()
    assert (result.end, result.reason) == (End.DECLINED, Reason.PSAM_GONE)
    assert kit.balance(memory) == OPENING


@pytest.mark.parametrize("ins", [0xA4, 0x50, 0x54], ids=["SELECT", "INIT", "8054"])
def test_pcscd_killed_under_a_sale_and_started_again(kit, school, readers, service, ins):
    """The command under way has no answer, whatever the card did; afterwards it has been paid once."""
    till = at_the_readers(kit.Bench(school).connect(), readers)
    memory = school.memory()
    card = school.card(memory)
    laid = readers.put(_Under(card, ins, service.kill))
    result = sell(till, laid)
    assert (result.end is End.UNKNOWN) is (ins == 0x54)
    assert not till.shown
    plug_again(service, readers)
    readers.put_psam(till.psam)
    assert sell(till, readers.put(school.card(memory))).end is End.DONE
    assert kit.balance(memory) == OPENING - PRICE
    assert paid(till) == [PRICE]


def test_without_pcscd_a_till_says_so_at_once(kit, school, readers, service):
    service.kill()
    began_s = time.monotonic()
    with pytest.raises(NoCard, match="pcscd 没有运行") as gone:
        readers.card.lay()
    assert not gone.value.may_come
    with pytest.raises(ConfigFault, match="pcscd 没有运行"):
        found_readers()
    assert time.monotonic() - began_s < reader_module.CONNECT_S
    plug_again(service, readers)
    readers.put(school.card(school.memory())).close()


def test_no_line_to_pcscd_is_left_behind_when_it_is_started_again(school, readers, service):
    for _ in range(3):
        readers.put(school.card(school.memory())).close()
        lines = lines_open()
        service.kill()
        plug_again(service, readers)
        readers.put(school.card(school.memory())).close()
        assert lines_open() <= lines


def test_a_pcscd_that_hangs_ends_in_a_typed_error_within_the_bound(kit, school, readers, service, monkeypatch):
    monkeypatch.setattr(reader_module, "ANSWER_S", 0.3)
    monkeypatch.setattr(reader_module, "CONNECT_S", 0.5)
    till = at_the_readers(kit.Bench(school).connect(), readers)
    memory = school.memory()
    laid = readers.put(school.card(memory))
    assert sell(till, laid, 100).end is End.DONE
    laid, other = readers.card.lay(), Reader(PSAM_READER)
    with closing(other), halted(service.pid):
        began_s = time.monotonic()
        assert sell(till, laid).end is not End.DONE
        with pytest.raises(NoCard, match="读卡器没有反应"):
            readers.card.lay()
        with pytest.raises(NoCard, match="读卡器没有反应"):
            other.lay()
        with pytest.raises(ConfigFault, match="读卡器没有反应"):
            found_readers()
        assert time.monotonic() - began_s < PATIENCE_S
    assert sell(till, readers.lay()).end is End.DONE
    assert kit.balance(memory) == OPENING - 100 - PRICE
    assert paid(till) == [100, PRICE]


def test_another_process_that_holds_the_card_is_waited_out(kit, school, readers):
    till = at_the_readers(kit.Bench(school).connect(), readers)
    memory = school.memory()
    readers.put(school.card(memory)).close()
    holder = subprocess.Popen(
        [sys.executable, "-P", "-c", HOLDER, CARD_READER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout.readline() == b"held\n"
        assert seen(CARD_READER).is_held
        with pytest.raises(NoCard, match="正被别的程序占用") as busy:
            readers.card.lay()
        assert busy.value.may_come
        holder.kill()
    wait_for(lambda: not seen(CARD_READER).is_held)
    assert sell(till, readers.card.lay()).end is End.DONE
    assert kit.balance(memory) == OPENING - PRICE


def counter_at(reader, data, before=""):
    """A counter's own process that is started at a reader and ends at once; what it said and its exit code."""
    code = f"{before}\nimport sys\nfrom edge.terminal.__main__ import main\nsys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-P", "-c", code, "--interactive", "--data", str(data), "--reader", reader]
    nothing = subprocess.DEVNULL
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_S, stdin=nothing, check=False)
    return done.returncode, done.stderr


def test_a_counter_that_is_given_a_wrong_reader_names_those_there_are(pcscd, tmp_path):
    code, said = counter_at("Gemalto", tmp_path)
    assert code == 2
    assert f"没有读卡器 Gemalto；本机有：{CARD_READER}、{PSAM_READER}" in said


def test_a_counter_without_pcscd_or_pyscard_says_what_is_missing(service, tmp_path):
    service.kill()
    code, said = counter_at(CARD_READER, tmp_path)
    assert code == 2
    assert "pcscd 没有运行" in said
    service.start()
    code, said = counter_at(CARD_READER, tmp_path, "import sys; sys.modules['smartcard'] = None")
    assert code == 2
    assert "附加依赖 cards" in said


class _Under:
    """A card under one of whose commands something happens; the card does what it was told."""

    def __init__(self, card, ins, happens):
        self._card = card
        self._ins = ins
        self._happens = happens

    def power_on(self):
        return self._card.power_on()

    def power_off(self):
        self._card.power_off()

    def transmit(self, apdu, /):
        if apdu[1] == self._ins:
            self._happens()
        return self._card.transmit(apdu)
