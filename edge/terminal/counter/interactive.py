"""`python -m edge.terminal interactive`: a counter to sell at by hand, over a keyboard or a pipe.

Shows display and voice text, and in every abnormal state what a cashier must do. After a sale it asks the console
for the ledger entry with the same counter. It decides nothing about money: the firmware does.
"""

import asyncio
import shlex
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from edge.card.reader.psam import PsamReader
from edge.card.reader.reader import NoCard, Reader, require_readers
from edge.files.deck import Deck, operators_of
from edge.files.disk import InUse
from edge.life import say
from edge.terminal.counter import commands
from edge.terminal.counter.commands import CALL_OFF, PIN_ALONE, Command, Verb
from edge.terminal.counter.entries import Console, entries_of, entry_line
from edge.terminal.counter.fields import DeckField, Field, Lying, ReaderField
from edge.terminal.counter.keyboard import Keyboard
from edge.terminal.counter.pins import keyed_pin
from edge.terminal.counter.pulling import PulledAtDebit
from edge.terminal.counter.reading import said_by
from edge.terminal.counter.wording import again_line, sale_lines, selling_words, status_lines
from edge.terminal.station import running
from edge.terminal.station.figures import status
from edge.terminal.station.screen import Screen
from edge.terminal.station.station import Station
from edge.terminal.station.wires import Wire
from edge.terminal.taps.display import Face
from edge.terminal.taps.steps import End, Result, Tap
from shared.clocks.campus_clock import CampusClock
from shared.errors import StoreFault, WireFault
from shared.inventory import LOADERS
from shared.purse.cos.torn import Tear
from shared.purse.errors import CardLost
from shared.purse.outcomes import Pin
from shared.purse.reasons import Reason
from shared.records import Kind
from shared.words.voice import Text

LINE_MAX = 600
JOIN_S = 5.0
"""A prompt waits so long for the link to join and to be registered."""
PROMPT = "> "
_UNCOUNTED = (Kind.MEAL, Kind.CODE)
"""Kinds of records that count no counter of a card."""


@dataclass(frozen=True, slots=True)
class CounterOptions:
    """names: bodies to try, the first free one is taken. box_kill: a command instead of finding the edge process."""

    data: Path
    names: tuple[str, ...]
    load_names: tuple[str, ...]
    wire: Callable[[str], Wire]
    clock: CampusClock
    card: str
    console: Console | None
    box: Callable[[str], str]
    box_kill: str
    reader: str = ""
    psam_reader: str = ""


async def interact(options: CounterOptions) -> int:
    """The exit code; ConfigFault or StoreFault when the body cannot start or a reader is missing."""
    if names := [name for name in (options.reader, options.psam_reader) if name]:
        require_readers(names)
    field = _field(options)
    psam = PsamReader(Reader(options.psam_reader)) if options.psam_reader else None
    try:
        if psam is not None:
            psam.settle()
        return await _serve(options, field, psam)
    finally:
        field.close()
        if psam is not None:
            psam.close()


def _field(options: CounterOptions) -> Field:
    if options.reader:
        return ReaderField(Reader(options.reader), say)
    return DeckField(Deck(options.data), options.card)


async def _serve(options: CounterOptions, field: Field, psam: PsamReader | None) -> int:
    screen = Screen()
    counter = _Counter(options, _open_first(options, options.names, screen, psam), field, screen)
    try:
        return await counter.serve()
    finally:
        await counter.close()


def _open_first(
    options: CounterOptions, names: tuple[str, ...], screen: Screen, psam: PsamReader | None = None
) -> Station:
    busy: InUse | None = None
    for name in names:
        try:
            return _open(options, name, screen, psam)
        except InUse as fault:
            busy = fault
    raise busy or InUse(Text("没有可用的终端；用 --name 指定", "no terminal is free; name one with --name"))


def _open(options: CounterOptions, name: str, screen: Screen, psam: PsamReader | None) -> Station:
    folder = options.data / "terminals" / name
    station = Station(folder, options.wire(name), options.clock, screen.show, psam=psam)
    station.start()
    return station


def _operators(data: Path, label: str) -> DeckField | None:
    """The supervisors' cards of the demonstration, the named one or the first; None when there is none."""
    deck = operators_of(data)
    if deck is None or not deck.cards or (label and deck.find(label) is None):
        return None
    return DeckField(deck, label)


class _Counter:
    """One person at one counter."""

    def __init__(self, options: CounterOptions, station: Station, field: Field, screen: Screen) -> None:
        self._options = options
        self._station = station
        self._loader: Station | None = None
        self._screens = [screen]
        self._field = field
        self._pull: Tear | None = None
        self._lines: Keyboard | None = None

    async def serve(self) -> int:
        """Until quit or the end of the input."""
        settings = self._station.settings
        demo = Text(" 【演示】", " [DEMO]") if settings.demo else ""
        say(f"{Text('终端', 'terminal')} {settings.name} {settings.place} {settings.merchant}{demo}")
        say(str(commands.HELP))
        lines = self._lines = Keyboard(await _lines())
        await self._station.joined(JOIN_S)
        while True:
            say(f"[{self._field.label}] {self._why()}")
            sys.stdout.write(PROMPT)
            sys.stdout.flush()
            raw = await lines.line()
            if not raw or not await self._obey(commands.parse(raw.decode("utf-8", "replace")[:LINE_MAX])):
                return 0

    async def close(self) -> None:
        """The end: records that are left go out at the next start. A link that goes down now is no news."""
        for screen in self._screens:
            screen.is_off = True
        for station in (self._station, self._loader):
            if station is not None:
                await station.close()

    def _why(self) -> str:
        firmware = self._station.firmware
        is_off = self._station.is_cut or not firmware.line.is_joined
        net = Text("断网", "offline") if is_off else Text("在线", "online")
        owed = firmware.body.flash.unsettled
        pulled = "" if self._pull is None else Text(" · 下次拔卡", " · the card will be pulled")
        return f"{net} · {selling_words(firmware.bar)} · {Text(f'未入账 {owed}', f'not posted {owed}')}{pulled}"

    async def _obey(self, command: Command) -> bool:
        """False at the end."""
        match command.verb:
            case Verb.SELL | Verb.PAY | Verb.CODE | Verb.ORDER:
                await self._sell(command)
            case Verb.AGAIN | Verb.NOTHING:
                await self._again(command)
            case Verb.LOAD | Verb.CLAIM:
                await self._load(command)
            case Verb.VOID:
                is_alone = command.word in (PIN_ALONE.zh, PIN_ALONE.en)
                await (self._void_by_pin() if is_alone else self._void(command))
            case Verb.RIDE | Verb.STOP if self._station.settings.ride is None:
                _tell(Text("本机不按票价收费", "this body takes no rides"))
            case Verb.RIDE:
                await self._tap(self._station, command, lambda: self._station.firmware.ride(self._station.now()))
            case Verb.BALANCE | Verb.LOG | Verb.MEAL:
                is_meal = command.verb is Verb.MEAL
                await (self._meal(command.word) if is_meal else self._read(command.verb))
            case Verb.NET:
                self._station.cut(command.word == "off")
                await self._station.joined(JOIN_S)
            case Verb.QUIT:
                return False
            case _:
                self._switch(command)
        return True

    def _switch(self, command: Command) -> None:
        match command.verb:
            case Verb.CARD:
                self._choose(command.word)
            case Verb.PULL:
                self._pull = Tear.BEFORE if command.word == "before" else Tear.AFTER
            case Verb.BOX_KILL:
                self._kill_box()
            case Verb.STOP:
                stop, _, way = command.word.partition(" ")
                self._station.firmware.at_stop(int(stop), int(bool(way)))
                _tell(Text(f"到站 {stop}{'（下行）' if way else ''}", f"at stop {stop}{', inward' if way else ''}"))
            case Verb.SALES:
                for line in sale_lines(self._station.firmware.sales()):
                    say(line)
            case Verb.STATUS:
                for line in self._status():
                    say(line)
            case Verb.HELP:
                _tell(commands.HELP)
            case _:
                self._ask_back(command)

    def _ask_back(self, command: Command) -> None:
        _tell(Text(f"看不懂：{command.word}（help 有说明）", f"not understood: {command.word} (help says more)"))
        if typed := commands.meant(command):
            _tell(Text(f"  → 是这个金额吗？请键入：{typed}", f"  → if you mean this amount, type: {typed}"))

    async def _sell(self, command: Command) -> None:
        firmware, station = self._station.firmware, self._station
        if command.verb in (Verb.CODE, Verb.ORDER):
            await (self._sell_by_code(command) if command.verb is Verb.CODE else self._order(command.amount_fen))
            return
        if command.verb is Verb.PAY:
            await self._tap(station, command, lambda: firmware.pay(command.amount_fen, station.now()))
            return
        result = await self._tap(station, command, lambda: firmware.sell(command.amount_fen, station.now()))
        pin = await self._keyed_pin() if result is not None and result.reason is Reason.PIN_WANTED else None
        if pin is not None:
            await self._tap(station, command, lambda: firmware.sell(command.amount_fen, station.now(), pin))

    async def _sell_by_code(self, command: Command) -> None:
        """No card is laid; a scanner that is a keyboard types the code as anybody does."""
        asked = Text("请扫付款码，或输入 18 位数字", "scan the code, or key its 18 digits")
        typed = command.word or await self._line(asked)
        station, firmware = self._station, self._station.firmware
        try:
            tap = firmware.pay_by_code(command.amount_fen, typed, station.now())
        except WireFault as fault:
            say(str(fault))
            return
        result = await station.tap(tap, None)
        if result.end is End.DONE:
            await self._entry(station, result)

    async def _order(self, amount_fen: int) -> None:
        """No card is laid; the cashier may call it off while the customer's phone is looked for."""
        station = self._station
        tap = asyncio.ensure_future(station.tap(station.firmware.order(amount_fen, station.now()), None))
        if self._lines is not None and await self._lines.hears((CALL_OFF.zh, CALL_OFF.en), tap):
            station.call_off()
        result = await tap
        if result.end is End.DONE:
            await self._entry(station, result)

    async def _line(self, asked: Text) -> str:
        _tell(asked)
        return (await self._lines.line()).decode("utf-8", "replace").strip() if self._lines else ""

    async def _keyed_pin(self) -> Pin | None:
        """By the holder, for the card alone: it is kept nowhere. None: another thing was typed, and nothing is sold."""
        asked = Text("请持卡人输入口令（4 至 12 位，双数位）", "the holder's PIN, please (4 to 12 digits)")
        return keyed_pin(await self._line(asked))

    async def _again(self, command: Command) -> None:
        """An empty line with nothing to repeat is only an empty line."""
        firmware = self._station.firmware
        if not firmware.serves_card_alone:
            if command.verb is Verb.AGAIN:
                _tell(Text("没有待确认的交易", "nothing waits to be presented again"))
            return
        await self._tap(self._station, command, lambda: firmware.again(self._station.now()))

    async def _void(self, command: Command) -> None:
        """The card that stands for it: of a numbered sale a supervisor's, else the one that paid."""
        seq, _, label = command.word.partition(" ")
        field = self._field if not seq or self._options.reader else _operators(self._options.data, label)
        if field is None:
            _tell(Text(f"没有这张主管卡：{label}", f"no such operator card: {label}"))
            return
        firmware, station = self._station.firmware, self._station
        await self._tap(station, command, lambda: firmware.void_with_card(int(seq or 0), station.now()), field)

    async def _void_by_pin(self) -> None:
        """No card is laid."""
        station = self._station
        result = await station.tap(station.firmware.void(station.now()), None)
        if result.end is End.DONE:
            await self._entry(station, result)

    async def _meal(self, number: str) -> None:
        """By number, once it is confirmed. No card is laid."""
        station = self._station
        offered = station.firmware.meal_offer(number, station.now())
        _tell(offered.title)
        if offered.face is Face.DECLINED:
            return
        _tell(Text("确认请键入 y，取消回车", "type y to confirm, Enter to leave it"))
        typed = (await self._lines.line()).decode("utf-8", "replace").strip().lower() if self._lines else ""
        if typed not in ("y", "yes"):
            _tell(Text("已取消", "cancelled"))
            return
        result = await station.tap(station.firmware.meal(number, station.now()), None)
        if result.end is End.DONE:
            await self._entry(station, result)

    async def _load(self, command: Command) -> None:
        """A load at a load machine; a claim at this very body."""
        if command.verb is Verb.CLAIM:
            await self._tap(self._station, command, lambda: self._station.firmware.claim(self._station.now()))
            return
        station = self._loading_station()
        if station is not None:
            await station.joined(JOIN_S)
            await self._tap(station, command, lambda: station.firmware.load(command.amount_fen, station.now()))

    def _loading_station(self) -> Station | None:
        """This body if it is a load machine, else a free one beside it."""
        if self._station.settings.kind in LOADERS:
            return self._station
        if self._loader is None:
            try:
                screen = Screen(str(Text("圈存机", "load machine")))
                self._loader = _open_first(self._options, self._options.load_names, screen)
                self._screens.append(screen)
            except InUse:
                _tell(Text("没有空闲的圈存机；可用 --name 指定", "no load machine is free; name one with --name"))
        return self._loader

    async def _tap(
        self, station: Station, command: Command, tap: Callable[[], Tap[Result]], field: Field | None = None
    ) -> Result | None:
        """field: where the card lies, if it is not the holder's. None: there was no card."""
        pull, self._pull = self._pull, None
        laid = await self._lay(station, field or self._field)
        if laid is None:
            return None
        with laid as lying:
            channel = lying.channel if pull is None else PulledAtDebit(lying.channel, pull)
            result = await station.tap(tap(), channel)
        if typed := again_line(command, result):
            say(typed)
        if result.end is End.DONE and result.row is not None:
            await self._entry(station, result)
        return result

    async def _lay(self, station: Station, field: Field) -> AbstractContextManager[Lying] | None:
        """The card in the field, or the reason said why there is none."""
        try:
            return await field.lay(station.disk)
        except InUse:
            _tell(Text("这张卡正在别处使用，请稍候再试", "this card lies in another field, try again"))
        except NoCard as none:
            say(str(none))
        except StoreFault as damaged:
            _tell(
                Text(
                    f"卡片数据损坏，请换一张卡：{damaged}", f"the card's data are damaged, use another card: {damaged}"
                )
            )
        return None

    async def _entry(self, station: Station, result: Result) -> None:
        row, console = result.row, self._options.console
        if row is None:
            return
        number = f"{row.epoch}/{row.seq}"
        counted = Text(f" · 卡计数 {row.counter}", f" · card counter {row.counter}")
        plain = Text(f"    流水 {number}", f"    record {number}")
        _tell(plain if row.kind in _UNCOUNTED else _beside(number, counted))
        if not row.amount_fen:
            _tell(Text("    零元，不入账", "    over nothing: there is nothing to post"))
        if row.kind is Kind.VOID:
            _tell(Text("    待核，两人核定后入账", "    held until two persons have decided"))
        if row.kind is Kind.ONLINE:
            _tell(Text("    中心批准时已入账", "    posted when the centre said yes"))
        if console is None or not row.amount_fen or row.kind in (Kind.VOID, Kind.ONLINE):
            return
        found = await entries_of(console, station.settings.device, row)
        if not found:
            _tell(
                Text(
                    "    账本尚无此笔（断网或排队中，稍后自动入账）",
                    "    not in the ledger yet; it will be posted by itself",
                )
            )
        for entry in found:
            say(f"    {entry_line(entry)}")

    def _choose(self, label: str) -> None:
        if not self._field.choose(label):
            _tell(Text(f"没有这张卡：{label}", f"no such card: {label}"))

    async def _read(self, verb: Verb) -> None:
        laid = await self._lay(self._station, self._field)
        if laid is None:
            return
        with laid as lying:
            try:
                lines = said_by(lying.channel, self._station.firmware.body, verb)
            except CardLost:
                lines = [Text("请重新放卡", "please present the card again")]
        for line in lines:
            _tell(line)

    def _kill_box(self) -> None:
        options = self._options
        if options.box_kill:
            done = subprocess.run(shlex.split(options.box_kill), check=False)  # the operator's own command
            code = done.returncode
            _tell(Text(f"box kill：退出码 {code}", f"box kill: exit {code}"))
            return
        box = options.box(self._station.settings.name)
        found = running.edge_of(options.data, box)
        if found is None or not running.kill(found):
            _tell(Text(f"没有找到数据网关 {box} 的进程", f"no process of the edge box {box} is running"))
        else:
            _tell(
                Text(
                    f"已强制结束数据网关 {box}（进程 {found.pid}）；照常收款，恢复后自动补传",
                    f"killed the edge box {box} (process {found.pid}); go on selling, records follow when it is back",
                )
            )

    def _status(self) -> list[str]:
        station = self._station
        said = status(station.firmware, station.figures, station.shown.total, station.shown.run, drained=False)
        return status_lines(said)


def _beside(number: str, counted: Text) -> Text:
    return Text(f"    流水 {number}{counted.zh}", f"    record {number}{counted.en}")


def _tell(what: Text) -> None:
    say(str(what))


async def _lines() -> asyncio.StreamReader:
    """Standard input, line by line, from a keyboard, a pipe or a file."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    try:
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    except ValueError:  # a plain file cannot be watched
        reader.feed_data(sys.stdin.buffer.read())
        reader.feed_eof()
    return reader
