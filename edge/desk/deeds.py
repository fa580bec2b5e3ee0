"""What each verb of the desk does: composition of card, ledger, keys and words. Decides nothing itself."""

from __future__ import annotations

import argparse
import getpass
import sys
import time
from collections.abc import Callable, Iterable, Iterator

from edge.desk.agent import serving
from edge.desk.agent.orders import Bench
from edge.desk.card import adding, cards, spares, upkeep
from edge.desk.desk import Desk
from edge.desk.doors.body import find_body
from edge.desk.doors.finding import CLOUD, centre
from edge.desk.doors.keys import DeskKeys
from edge.desk.doors.laying import card_in
from edge.desk.doors.matters import Matters
from edge.desk.money import day, deposits, money
from edge.desk.options import laying_of, line_of
from edge.desk.reading.reading import lines, places_of, read_card
from edge.desk.reading.words import CSV_HEAD, csv_row, log_lines
from edge.life import say
from edge.terminal.station import running
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import date_bcd, day_number
from shared.errors import ConfigFault
from shared.ids import CardId, hotlist_index
from shared.input.sheet import sheet
from shared.purse.errors import LayoutError
from shared.wire.desk.calls import CardAsk, DaySheet, DeskOp, parse_card_books
from shared.words.voice import Text

DONE, NOT_DONE = 0, 1


def run(given: argparse.Namespace) -> int:
    """The exit code of the chosen verb."""
    return DONE if _DEEDS[given.verb](given) else NOT_DONE


# --- reading -----------------------------------------------------------------------------------------------------


def _read(given: argparse.Namespace) -> bool:
    line = centre(line_of(given))
    with card_in(laying_of(given)) as card:
        reading = read_card(card, line)
    _say(lines(reading, date_bcd(WALL.at(time.time()))))
    if reading.main is not None:
        _say(_local_lines(given, reading.main.card))
    return reading.main is not None


def _local_lines(given: argparse.Namespace, card: CardId) -> Iterator[Text]:
    """What this desk knows by itself, where there is one: its hotlist, its open matters."""
    try:
        body = find_body(given.data, given.name)
    except ConfigFault:
        return
    if body.settings.hotlist.contains(card, hotlist_index(card)):
        version = body.settings.hotlist.version
        yield Text(f"本台黑名单 v{version} 有此卡", f"on this desk's own hotlist, v{version}")
    yield from money.open_lines(Matters(body.matters).open(), card)


def _log(given: argparse.Namespace) -> bool:
    line = centre(line_of(given))
    with card_in(laying_of(given)) as card:
        reading = read_card(card, line)
    places = places_of(reading.books)
    for purse in reading.purses:
        say(f"{Text(*purse.profile.title)} {purse.card.hex()}")
        _say(log_lines(purse.log, places))
    if given.csv is not None:
        rows = [csv_row(purse.card, record, places) for purse in reading.purses for record in purse.log]
        given.csv.write_bytes(sheet([str(head) for head in CSV_HEAD], rows))
    return bool(reading.purses)


# --- money -------------------------------------------------------------------------------------------------------


def _cash(operation: DeskOp) -> Callable[[argparse.Namespace], bool]:
    def deed(given: argparse.Namespace) -> bool:
        desk = _desk(given)
        with card_in(laying_of(given)) as card:
            who = money.identity_of(card).card_id
        return money.cash(desk, operation, who, given.fen)

    return deed


def _deposits(given: argparse.Namespace) -> bool:
    desk = _desk(given)
    with card_in(laying_of(given)) as card:
        return deposits.listed(desk, money.identity_of(card).card_id)


def _refund(given: argparse.Namespace) -> bool:
    desk = _desk(given)
    with card_in(laying_of(given)) as card:
        who = money.identity_of(card).card_id
    return deposits.propose(desk, who, given.order, given.fen, given.reason)


def _float(given: argparse.Namespace) -> bool:
    return money.cash(_desk(given), DeskOp.CASH_FLOAT, None, given.fen)


def _load(given: argparse.Namespace) -> bool:
    desk = _desk(given)
    with card_in(laying_of(given)) as card:
        who = money.identity_of(card).card_id
        if given.cash and money.has_open_load(desk, who):
            desk.say(
                Text("该卡上次圈存未了：先执行 load，勿收现金", "its last load is open: run load without --cash first")
            )
            return False
        if given.cash and not money.cash(desk, DeskOp.CASH_IN, who, given.fen):
            return False
        done = money.load(desk, card, given.fen)
    if given.cash and not done:
        desk.say(_CASH_IS_IN)
    return done


_CASH_IS_IN = Text(
    "现金已在电子账户；卡未确认，请再放卡执行 load（勿再加 --cash）",
    "the cash is in the online account; the card is not confirmed: run load again, without --cash",
)


def _claim(given: argparse.Namespace) -> bool:
    desk = _desk(given)
    with card_in(laying_of(given)) as card:
        money.identity_of(card)
        return money.claim(desk, card)


def _unload(given: argparse.Namespace) -> bool:
    desk = _desk(given)
    with card_in(laying_of(given)) as card:
        who = money.identity_of(card).card_id
        done = money.unload(desk, card, given.fen)
    return done and (not given.pay or money.cash(desk, DeskOp.CASH_OUT, who, given.fen))


def _settle(given: argparse.Namespace) -> bool:
    return money.settle(_desk(given))


# --- upkeep ------------------------------------------------------------------------------------------------------


def _operate(given: argparse.Namespace) -> bool:
    name = "block-forever" if given.verb == "block" and given.forever else given.verb
    with card_in(laying_of(given)) as card:
        return upkeep.operate(_desk(given, upkeep.card_in_field(card)), card, name)


def _add(given: argparse.Namespace) -> bool:
    with card_in(laying_of(given)) as card:
        return adding.add(_desk(given, upkeep.card_in_field(card)), card, adding.What(given.what))


def _pin(given: argparse.Namespace) -> bool:
    old = _secret(Text("旧口令", "old PIN")) if given.verb == "pin-change" else None
    new = _secret(Text("新口令", "new PIN") if given.verb in ("pin-change", "pin-reload") else Text("口令", "PIN"))
    with card_in(laying_of(given)) as card:
        if given.verb == "pin-verify":
            return upkeep.check_pin(_say_one, card, new)
        desk = _desk(given, upkeep.card_in_field(card))
        is_unblock = given.verb == "pin-unblock"
        return upkeep.unblock_pin(desk, card, new) if is_unblock else upkeep.new_pin(desk, card, new, old)


def _secret(what: Text) -> bytes:
    """Digits, from the keyboard unseen, or a line of the input. ConfigFault when it cannot be a PIN."""
    wanted = Text(f"{what.zh}：", f"{what.en}: ")
    try:
        return upkeep.pin_of(_typed(wanted))
    except LayoutError as fault:
        said = Text(f"{what.zh}应为 4 到 12 位数字，且为偶数位", f"{what.en}: 4 to 12 digits, an even number of them")
        raise ConfigFault(said) from fault


def _typed(wanted: Text) -> str:
    """From the keyboard unseen, or a line of the input."""
    return (getpass.getpass(str(wanted)) if sys.stdin.isatty() else sys.stdin.readline()).strip()


# --- the life of cards -------------------------------------------------------------------------------------------


def _class(given: argparse.Namespace) -> bool:
    with card_in(laying_of(given)) as card:
        desk = _desk(given, upkeep.card_in_field(card))
        return cards.change_class(desk, card, given.to, given.reason)


def _report(given: argparse.Namespace) -> bool:
    operation = DeskOp.LOST if given.verb == "lost" else DeskOp.FOUND
    return cards.report(_desk(given), operation, given.label, given.reason)


def _replace(given: argparse.Namespace) -> bool:
    if given.label and not given.kept:
        raise ConfigFault(cards.not_kept(given.label, given.new))
    if given.label:
        return cards.replace_unreadable(_desk(given), given.label, given.new, given.reason)
    with card_in(laying_of(given)) as card:
        desk = _desk(given, upkeep.card_in_field(card))
        return cards.replace_readable(desk, card, given.new, given.reason)


def _reissue(given: argparse.Namespace) -> bool:
    return cards.reissue(_desk(given), given.label, given.new, given.reason)


def _release(given: argparse.Namespace) -> bool:
    return cards.release(_desk(given), given.label, given.reason)


# --- spare cards -------------------------------------------------------------------------------------------------


def _lend(given: argparse.Namespace) -> bool:
    if given.days < 1:
        raise ConfigFault(Text("--days: 1 或更多", "--days: 1 or more"))
    until = day_number(WALL.at(time.time())) + given.days - 1
    terms = spares.Terms(given.deposit, given.limit, until, in_cash=not given.from_account)
    person = given.visitor or given.person
    return spares.lend(_desk(given), given.new, given.holder, person, terms, given.reason)


def _take_back(given: argparse.Namespace) -> bool:
    """Unloaded first: then it says itself that it is empty."""
    with card_in(laying_of(given)) as card:
        desk = _desk(given)
        fen = spares.purse_fen(desk, card)
        if not money.unload(desk, card, fen):
            return False
        return spares.take_back(desk, card, given.reason)


def _take_in(given: argparse.Namespace) -> bool:
    return spares.take_in(_desk(given), given.label, given.second, given.reason)


def _write_off(given: argparse.Namespace) -> bool:
    return spares.write_off(_desk(given), given.label, given.reason)


def _hand_out(given: argparse.Namespace) -> bool:
    return spares.hand_out(_desk(given), given.label, given.place)


def _spares(given: argparse.Namespace) -> bool:
    return spares.register(_desk(given), given.place)


# --- a cashier's day ---------------------------------------------------------------------------------------------


def _draw(given: argparse.Namespace) -> bool:
    return day.draw(_desk(given), given.first, given.last)


def _spoil(given: argparse.Namespace) -> bool:
    return day.spoil(_desk(given), given.label, given.reason)


def _close(given: argparse.Namespace) -> bool:
    desk = _desk(given)
    if not money.settle(desk):
        desk.say(Text("请先办结未了事项，再日结", "settle what is open, then close"))
        return False
    return _print(given, day.close(desk, given.counted, given.left))


def _sheet(given: argparse.Namespace) -> bool:
    return _print(given, day.sheet(_desk(given), given.day))


def _print(given: argparse.Namespace, said: DaySheet | None) -> bool:
    if said is None:
        return False
    page = list(day.sheet_lines(said))
    _say(page)
    if given.out is not None:
        given.out.write_text("".join(f"{line}\n" for line in page), encoding="utf-8")
    return True


# --- what they stand on ------------------------------------------------------------------------------------------


def _agent(given: argparse.Namespace) -> bool:
    def desk(card: CardId | None, out: Callable[[str | Text], object]) -> Desk:
        return _desk(given, card, out)

    body = find_body(given.data, given.name)
    ca = given.ca or given.data / CLOUD / "ca.pem"
    paired = serving.paired(body.folder, given.console, ca, lambda: _typed(CODE), anew=given.pair)
    bench = Bench(lambda: card_in(laying_of(given)), lambda: centre(line_of(given)), desk)
    return serving.serve(paired, ca, bench, _say_one)


CODE = Text("集控平台“卡务台”页给出的配对码：", "the code that the console's page Card desks shows: ")


def _desk(
    given: argparse.Namespace, card: CardId | None = None, out: Callable[[str | Text], object] | None = None
) -> Desk:
    line = centre(line_of(given))
    body = find_body(given.data, given.name)
    socket = given.desk_keys or running.desk_keys_of(given.data)
    version = given.key_version
    if card is not None and line is not None and not version:
        answer = line.ask(DeskOp.CARD, CardAsk(card, 0, 0).to_list())
        version = parse_card_books(answer).key_version if isinstance(answer, list) else 0
    keys = DeskKeys(socket, version or 1) if socket else None
    return Desk(given.data, body, Matters(body.matters), line, keys, out or _say_one)


def _say(texts: Iterable[str | Text]) -> None:
    for text in texts:
        _say_one(text)


def _say_one(text: str | Text) -> None:
    say(str(text))


_DEEDS: dict[str, Callable[[argparse.Namespace], bool]] = {
    "agent": _agent,
    "read": _read,
    "log": _log,
    "cash-in": _cash(DeskOp.CASH_IN),
    "cash-out": _cash(DeskOp.CASH_OUT),
    "float": _float,
    "deposits": _deposits,
    "refund": _refund,
    "load": _load,
    "claim": _claim,
    "unload": _unload,
    "settle": _settle,
    "activate": _operate,
    "block": _operate,
    "unblock": _operate,
    "add": _add,
    "class": _class,
    "lost": _report,
    "found": _report,
    "replace": _replace,
    "reissue": _reissue,
    "release": _release,
    "lend": _lend,
    "take-back": _take_back,
    "take-in": _take_in,
    "write-off": _write_off,
    "hand-out": _hand_out,
    "spares": _spares,
    "draw": _draw,
    "spoil": _spoil,
    "close": _close,
    "sheet": _sheet,
    "pin-verify": _pin,
    "pin-change": _pin,
    "pin-reload": _pin,
    "pin-unblock": _pin,
}
