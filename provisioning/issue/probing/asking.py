"""What can be asked of a body without harm: nothing is written, no try of a PIN or a key is used up. Sans-I/O.

`power` takes the card's power away and gives it back (a reset of the reader); `now` is a clock in seconds. Bounds:
TIMES rounds of each timed command, RESETS power cycles.
"""

from collections.abc import Callable, Iterator
from statistics import median

from provisioning.issue.probing import atr as atrs
from provisioning.issue.probing.finding import Finding, Mark
from shared.errors import WireFault
from shared.purse import commands
from shared.purse.apdu import CardChannel, ResponseApdu, Sw
from shared.purse.errors import PurseError
from shared.purse.files import MF_NAME
from shared.purse.profiles import AID_PURSE, SUBSIDY
from shared.words.voice import Text

TIMES = 15
RESETS = 5
SLOW_MS = 300
"""Of a harmless command; a purchase is five of them and a queue stands behind it."""
_NAMES = {MF_NAME: "1PAY.SYS.DDF01", AID_PURSE: "EP", SUBSIDY.aid: "EP 2"}
_MF, _SFI_CARD = 0x3F00, 0x05
_ASK_PIN = bytes.fromhex("00200000")
"""VERIFY without data: how many tries are left (ISO 7816-4); a card that does not know it refuses the length."""
_TRIES = 0x63C0
_RATES = (372, 186, 93, 64, 46.5, 32, 31, 23.25, 16, 11.625, 8)
"""Clocks a bit that every reader has."""


def ask(card: CardChannel, raw_atr: bytes, power: Callable[[], bool], now: Callable[[], float]) -> list[Finding]:
    """Everything, in the order of the sheet. CardLost of a command is a finding, too."""
    found = [*_atr(raw_atr)]
    checks: list[tuple[str, Callable[[], Finding]]] = [
        ("aid", lambda: _applications(card)), ("files", lambda: _files(card)), ("challenge", lambda: _challenges(card)),
        ("algorithm", lambda: _algorithm(card)), ("tries", lambda: _tries(card)),
        ("timing", lambda: _timing(card, now)), ("tearing", lambda: _tearing(card, power)),
    ]  # fmt: skip
    for name, check in checks:
        try:
            found.append(check())
        except PurseError as fault:
            found.append(Finding(name, Mark.BAD, Text(f"卡体无应答：{fault}", f"the body does not answer: {fault}")))
            if not power():
                break
    return found


def looks_blank(found: list[Finding]) -> bool:
    """Nothing of ours was found on it."""
    marks = {one.check: one.mark for one in found}
    return marks.get("aid") is Mark.GOOD and marks.get("files") is Mark.GOOD


def _atr(raw: bytes) -> Iterator[Finding]:
    shown = raw.hex().upper()
    try:
        seen = atrs.parse(raw)
    except WireFault as fault:
        yield Finding("atr", Mark.BAD, Text(f"{shown or '-'}：{fault}", f"{shown or '-'}: {fault}"))
        yield Finding("speed", Mark.UNKNOWN, Text("ATR 读不懂", "the ATR cannot be understood"))
        return
    protocols = " ".join(f"T={number}" for number in seen.protocols)
    is_known = bool({0, 1} & set(seen.protocols))
    yield Finding("atr", Mark.GOOD if is_known else Mark.BAD, Text(f"{shown} {protocols}", f"{shown} {protocols}"))
    if seen.is_near:
        yield Finding("speed", Mark.TOLD, Text("非接触：速率由读卡器定", "contactless: the reader sets the rate"))
        return
    told = Text(f"每位 {seen.cycles:g} 个时钟", f"{seen.cycles:g} clocks a bit")
    yield Finding("speed", Mark.GOOD if seen.cycles in _RATES else Mark.BAD, told)


def _applications(card: CardChannel) -> Finding:
    there = [name for aid, name in _NAMES.items() if _word(card, commands.select_name(aid)) != Sw.FILE_NOT_FOUND]
    ours = [name for name in there if name != _NAMES[MF_NAME]]
    if ours:
        listed = ", ".join(ours)
        return Finding("aid", Mark.BAD, Text(f"不是空白卡，有应用：{listed}", f"not blank, has: {listed}"))
    return Finding("aid", Mark.GOOD, Text("没有应用", "no application"))


def _files(card: CardChannel) -> Finding:
    if _word(card, commands.select_file(_MF)) != Sw.OK:
        return Finding("files", Mark.BAD, Text("不能选 3F00", "3F00 cannot be selected"))
    word = _word(card, commands.read_binary(_SFI_CARD, 1))
    if word == Sw.FILE_NOT_FOUND:
        return Finding("files", Mark.GOOD, Text("3F00 可选，没有 0005", "3F00 selects, no file 0005"))
    return Finding("files", Mark.BAD, Text(f"0005 答 {word:04X}：不是空白卡", f"0005 answers {word:04X}: not blank"))


def _challenges(card: CardChannel) -> Finding:
    seen = set()
    for size in (4, 8) * RESETS:
        answer = ResponseApdu.of_any(card.transmit(commands.get_challenge(size)))
        if answer.sw != Sw.OK or len(answer.data) != size:
            return Finding(
                "challenge",
                Mark.BAD,
                Text(f"取 {size} 字节随机数：{answer.sw:04X}", f"a challenge of {size} bytes: {answer.sw:04X}"),
            )
        seen.add(answer.data)
    if len(seen) < 2 * RESETS:
        return Finding("challenge", Mark.BAD, Text("随机数有重复", "challenges come twice"))
    return Finding("challenge", Mark.GOOD, Text("4 与 8 字节，无重复", "4 and 8 bytes, none twice"))


def _algorithm(card: CardChannel) -> Finding:
    """Of a purse that is there; a blank shows it when it is written."""
    if _word(card, commands.select_name(AID_PURSE)) != Sw.OK:
        return Finding("algorithm", Mark.UNKNOWN, Text("空白卡：写卡试验才知道", "blank: a trial write tells"))
    answer = ResponseApdu.of_any(card.transmit(commands.init_load(1, 0, bytes(6))))
    if answer.sw != Sw.OK or len(answer.data) < 8:
        return Finding("algorithm", Mark.UNKNOWN, Text(f"8050 答 {answer.sw:04X}", f"8050 answers {answer.sw:04X}"))
    version, selector = answer.data[6], answer.data[7]
    return Finding(
        "algorithm",
        Mark.TOLD,
        Text(f"密钥版本 {version}，算法 {selector:02X}", f"key version {version}, algorithm {selector:02X}"),
    )


def _tries(card: CardChannel) -> Finding:
    """Asked twice: an asking that costs a try would show."""
    first, second = _word(card, _ASK_PIN), _word(card, _ASK_PIN)
    if first & 0xFFF0 == _TRIES:
        if first != second:
            return Finding("tries", Mark.BAD, Text("询问消耗了一次", "the asking used up a try"))
        return Finding("tries", Mark.TOLD, Text(f"PIN 剩 {first & 15} 次", f"{first & 15} tries of the PIN left"))
    return Finding(
        "tries", Mark.UNKNOWN,
        Text(f"问不出（{first:04X}）：看厂家资料；不试", f"not told ({first:04X}): see the maker's data; not tried"),
    )  # fmt: skip


def _timing(card: CardChannel, now: Callable[[], float]) -> Finding:
    spent = []
    for apdu in (commands.select_file(_MF), commands.get_challenge(8)) * TIMES:
        began = now()
        card.transmit(apdu)
        spent.append((now() - began) * 1_000)
    middle, slowest = median(spent), max(spent)
    told = Text(f"中位 {middle:.0f} 毫秒，最慢 {slowest:.0f}", f"median {middle:.0f} ms, slowest {slowest:.0f}")
    return Finding("timing", Mark.GOOD if slowest <= SLOW_MS else Mark.BAD, told)


def _tearing(card: CardChannel, power: Callable[[], bool]) -> Finding:
    """Power taken away between two commands, RESETS times."""
    first = card.transmit(commands.select_file(_MF))
    for _ in range(RESETS):
        card.transmit(commands.get_challenge(8))
        if not power() or card.transmit(commands.select_file(_MF)) != first:
            return Finding("tearing", Mark.BAD, Text("断电后答得不同", "after a power cut it answers otherwise"))
    return Finding("tearing", Mark.GOOD, Text(f"断电 {RESETS} 次，答案相同", f"{RESETS} power cuts, the same answer"))


def _word(card: CardChannel, apdu: bytes) -> int:
    return ResponseApdu.of_any(card.transmit(apdu)).sw
