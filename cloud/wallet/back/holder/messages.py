"""Messages 消息 of the chosen holder to whoever asks, newest first: made of the books and the file of people each time.

What is kept of a person is how far he has read, and from which payment on he wants one. `wanted` is what waits for
somebody now: it is there until it is done. A page has PAGE at most; `next` names the place behind it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from cloud.ledger.books.chart import Side
from cloud.ledger.funds.payments.school import DAY_MOST_FEN, ONE_MOST_FEN
from cloud.ledger.funds.successors import former_cards
from cloud.ledger.journal.balances import balance
from cloud.ledger.journal.registry import CARD_ACCOUNTS
from cloud.ledger.read.told.account_news import Low, account_news
from cloud.ledger.read.told.news import CARDS_MAX, FIRST, Key, News, newest, news
from cloud.payments.disputes.rows import WAYS
from cloud.wallet.back.context import WALLET, Context, Operation, Right
from cloud.wallet.back.holder.told import PAGE, Wanted, plain, told
from cloud.wallet.line.shapes import HOLDER, Arguments, Kind, whole
from cloud.wallet.people.consents import has_consent
from cloud.wallet.people.persons import person_of
from cloud.wallet.people.records.marks import note_read, read_upto, tell_above, tell_below, told_above, told_below
from cloud.wallet.people.sight import CONSENT_AGE, age
from shared.facts.terms import CARD_FINDINGS
from shared.money import yuan
from shared.words.voice import Text

NUMBER_MAX = 2**62
PLACE_MAX = 64


def messages(context: Context, given: Arguments) -> dict[str, Any]:
    """One page. unread: those that came since he read last; on the newest page that is what he has read now."""
    before = _key(given["before"])
    found = _page(context, before)
    people, whose = context.site.people, context.whose
    with people.reading():
        upto = read_upto(people, context.person.id, whose.holder.number)
        above_fen = told_above(people, context.person.id, whose.holder.number)
        below_fen, _ = told_below(people, context.person.id, whose.holder.number)
    rows = [_row(context, one) | {"is_new": one.key[0] > upto} for one in found]
    return {
        "rows": rows, "next": ".".join(map(str, found[-1].key)) if len(found) == PAGE else "",
        "wanted": list(_wanted(context)) if before == FIRST else [], "above_fen": above_fen,
        "below_fen": below_fen,
        "upto_ms": found[0].key[0] if found and before == FIRST else 0,
    }  # fmt: skip


def read(context: Context, given: Arguments) -> dict[str, Any]:
    """He has seen them up to this moment; never back, and never ahead of now."""
    people, upto = context.site.people, min(given["upto_ms"], context.now.unix_ms)
    with people.writing():
        note_read(people, context.person.id, context.whose.holder.number, upto)
    return {}


def above(context: Context, given: Arguments) -> dict[str, Any]:
    """From this payment on he is told; 0: of none."""
    people = context.site.people
    with people.writing():
        tell_above(people, context.person.id, context.whose.holder.number, given["fen"])
    return messages(context, {"before": None})


def below(context: Context, given: Arguments) -> dict[str, Any]:
    """When the online account falls below this he is told, each fall once; 0: not."""
    people = context.site.people
    with people.writing():
        tell_below(people, context.person.id, context.whose.holder.number, given["fen"], context.now.unix_ms)
    return messages(context, {"before": None})


def unread(context: Context) -> int:
    """How many he has not read, PAGE at most, which is as many or more."""
    people, number = context.site.people, context.whose.holder.number
    with people.reading():
        upto = read_upto(people, context.person.id, number)
    return sum(one.key[0] > upto for one in _page(context, FIRST))


def _page(context: Context, before: Key) -> list[News]:
    people, db, whose, person = context.site.people, context.site.ledger.database, context.whose, context.person
    with people.reading(), db.reading():
        cards = former_cards(db, whose.card, CARDS_MAX) if whose.card is not None else []
        above_fen = told_above(people, person.id, whose.holder.number)
        low = Low(*told_below(people, person.id, whose.holder.number))
        found = told(people, Wanted(person, whose, cards, before, context.now.campus_s))
        booked = news(db, whose.card, before, PAGE, above_fen) if whose.card is not None else []
        found += account_news(db, cards, before, PAGE, low) if cards else []
    # a report by the wallet is told once, by the file of people, which knows who it was
    found += [one for one in booked if not (one.what == "lost" and one.who.startswith(f"{WALLET}:"))]
    return newest(found, PAGE)


def _wanted(context: Context) -> Iterator[dict[str, str]]:
    people, db, whose = context.site.people, context.site.ledger.database, context.whose
    with people.reading():
        consented = has_consent(people, whose.holder.number)
    if not whose.is_own and not consented and age(whose.holder.born, context.now.campus_s) < CONSENT_AGE:
        yield _said("privacy", Text("孩子用钱包前要您同意", "Your consent is wanted before the child uses the wallet"))
    if whose.card is None:
        return
    with db.reading():
        (accounts,) = db.run(f"SELECT {CARD_ACCOUNTS} FROM card WHERE card = ?", (whose.card,))  # noqa: S608  # ours
        pending, subsidy = (balance(db, accounts[place], Side.CREDIT) for place in (3, 5))
    waits = ((pending, Text("待领款", "to be claimed")), (subsidy, Text("补助待领", "of aid to be claimed")))
    for fen, what in waits:
        if fen > 0:
            due = yuan(fen)
            yield _said("split", Text(f"{what.zh} ¥{due}：到终端刷卡领取", f"¥{due} {what.en}: tap at a terminal"))


def _said(page: str, text: Text) -> dict[str, str]:
    return {"page": page, "zh": text.zh, "en": text.en}


def _row(context: Context, one: News) -> dict[str, Any]:
    text = _text(context, one)
    return {"at_ms": one.key[0], "what": one.what, "zh": text.zh, "en": text.en, "entry": one.entry, "fen": one.fen}


def _text(context: Context, one: News) -> Text:
    fen = yuan(one.fen)
    match one.what:
        case "deposit":
            return Text(f"充值 ¥{fen} 已到在线账户", f"¥{fen} has come into the online account")
        case "refund":
            return Text(f"退回 ¥{fen}", f"¥{fen} was given back")
        case "grant":
            return Text(f"发放 ¥{fen}，刷卡领取", f"¥{fen} was granted: claim it by a tap")
        case "paid":
            where = f" {one.place}" if one.place else ""
            return Text(f"付款 ¥{fen}{where}", f"¥{fen} was paid{where}")
        case "lost":
            by, why = _by(context, one.who, one.place), f" {one.detail}" if one.detail else ""
            return Text(f"卡已挂失，报告人：{by.zh}{why}", f"The card was reported lost by {by.en}{why}")
        case "found":
            return Text("挂失已解除", "The report of loss was taken back")
        case "replaced":
            return Text("已换卡", "The card was replaced")
        case "answer":
            way = WAYS[one.who]
            return Text(f"异议已答复：{one.detail}（{way.zh}）", f"Your dispute was answered: {one.detail} ({way.en})")
        case "finding":
            what = CARD_FINDINGS[one.detail]
            return Text(
                f"账上有一项发现：{what[0]}，请到卡务窗口", f"The books have found: {what[1]}; please see the card desk"
            )
        case _:
            return plain(one)


def _by(context: Context, who: str, said: str) -> Text:
    """A person of the wallet by his name; who had not signed in by what he says he is called."""
    kind, _, number = who.partition(":")
    if kind != WALLET or not number.isdecimal():
        return Text("卡务窗口", "the card desk")
    people = context.site.people
    with people.reading():
        person = person_of(people, int(number))
    if person and person.name:
        return Text(person.name, person.name)
    called = said or "?"
    return Text(f"未登录者（自称 {called}）", f"somebody not signed in, who says he is {called}")


def _key(said: str | None) -> Key:
    if not said:
        return FIRST
    at_ms, source, number = (int(one) for one in said.split("."))
    return at_ms, source, number


def _is_key(value: object) -> bool:
    parts = value.split(".") if isinstance(value, str) and len(value) <= PLACE_MAX else []
    return len(parts) == len(FIRST) and all(
        one.isascii() and one.isdecimal() and int(one) <= NUMBER_MAX for one in parts
    )


_PLACE = Kind("place", _is_key, optional=True, schema={"type": "string", "maxLength": PLACE_MAX})
OPERATIONS: Mapping[str, Operation] = {
    "messages": Operation(Right.SEES, {"holder": HOLDER, "before": _PLACE}, messages),
    "messages/read": Operation(Right.SEES, {"holder": HOLDER, "upto_ms": whole(0, 2**53)}, read),
    "messages/above": Operation(Right.SEES, {"holder": HOLDER, "fen": whole(0, ONE_MOST_FEN)}, above),
    "messages/below": Operation(Right.SEES, {"holder": HOLDER, "fen": whole(0, DAY_MOST_FEN)}, below),
}
