"""Who somebody is, by the code 付款码 that he shows: to show it to an application is his consent to his subject alone.

The code is used up by that, and pays nothing any more. What he has let be known stands in his wallet as any other, and
is taken back there. Codes that are none are counted; above the bound no more are looked at on that day.
"""

import re

from cloud.ledger.funds.payments.rule import GUESSES_MAX
from cloud.ledger.funds.successors import former_cards
from cloud.open.families.identity import SUBJECT_ALONE, seen
from cloud.open.problems import REUSED, CallRefused, Problem
from cloud.open.route import Context, Reply, Route
from cloud.open.sandbox.books import PAYERS, payer_card
from cloud.open.sandbox.holder import NUMBER
from cloud.open.store.guesses import guesses_on, note_guess
from cloud.payments import doors
from cloud.wallet.claims import ASK_MS, WHY_MAX, Ask, AskState, ask_under, keep_ask, token_of_code
from cloud.wallet.line.shapes import Arguments, Kind, text, whole
from cloud.wallet.people.roster import holder_with_card
from shared.clocks.clock import DAY_S
from shared.errors import WireFault
from shared.facts.money.payments import CodesGuessedByApp
from shared.ids import CardId
from shared.online import CODE_DIGITS, CODE_PREFIX, code_digest, parse_code
from shared.words.voice import Text

INVALID = Problem(409, "code-invalid", Text("付款码无效、已用过或已过期", "no code, used already, or over"))
GUESSED = Problem(429, "codes-guessed", Text("今日无效付款码太多", "too many codes that are none today"))
CARDS_MAX = 16
"""Of one holder, one in the place of another."""


def by_code(context: Context, given: Arguments) -> Reply:
    """Once: the same call hears the same; another one with this code hears that it is used."""
    people, digest = context.site.people, code_digest(given["code"])
    with people.reading():
        known = ask_under(people, context.app.id, context.key)
    if known is not None:
        if (known.token, known.why) != (token_of_code(digest), given["why"]):
            raise CallRefused(REUSED)
        return Reply(seen(context, known, known.made_ms), 201)
    holder = _holder(context, _used_up(context, given["code"]))
    app, ms = context.app, context.now.unix_ms
    wanted = Ask(
        0, token_of_code(digest), app.id, context.key, app.name, app.merchant, SUBJECT_ALONE, given["why"],
        int(app.is_sandbox), int(AskState.AGREED), holder, "{}", ms, ms + ASK_MS, ms,
    )  # fmt: skip
    with people.writing():
        kept = keep_ask(people, wanted)
    return Reply(seen(context, kept, ms), 201)


def show(context: Context, given: Arguments) -> Reply:
    """As a payer's phone does."""
    card = payer_card(given["payer"] or 1)
    code = doors.codes(context.books.ledger).new(card, context.now)
    return Reply({"code": code.code, "expires_ms": code.expires_ms})


def _used_up(context: Context, code: str) -> CardId:
    """Whose it was. CallRefused: nobody's; one that was never given out is counted."""
    store, app, day = context.site.store, context.app, context.now.campus_s // DAY_S
    with store.reading():
        if guesses_on(store, app.id, day) >= GUESSES_MAX:
            raise CallRefused(GUESSED)
    if _is_mistyped(code):
        raise CallRefused(INVALID)
    shown = doors.codes(context.books.ledger).show(code, context.now)
    if shown.card is not None:
        return shown.card
    if shown.is_one:
        raise CallRefused(INVALID)  # late, or twice: no guess
    with store.writing():
        guesses = note_guess(store, app.id, day)
    if guesses == GUESSES_MAX:
        with context.books.ledger.writing(context.now) as writing:
            writing.notes.tell(CodesGuessedByApp(GUESSES_MAX, app.name))
    raise CallRefused(INVALID)


def _holder(context: Context, card: CardId) -> str:
    """On the roster by this card, or one before it. CallRefused: it is a card of nobody's."""
    if context.app.is_sandbox:
        return NUMBER
    ledger, people = context.books.ledger.database, context.site.people
    with ledger.reading():
        cards = former_cards(ledger, card, CARDS_MAX)
        labels = [label for (label,) in ledger.find("SELECT label FROM card WHERE card", cards)]
    with people.reading():
        found = holder_with_card(people, labels)
    if found is None:
        raise CallRefused(INVALID)
    return found.number


def _is_mistyped(code: str) -> bool:
    """By its check digit: no form of a schema tells that."""
    try:
        return parse_code(code) != code
    except WireFault:
        return True


_FORM = f"{CODE_PREFIX}[0-9]{{{CODE_DIGITS - len(CODE_PREFIX)}}}"
_CODE = Kind(
    "code", lambda value: isinstance(value, str) and re.fullmatch(_FORM, value, re.ASCII) is not None,
    schema={"type": "string", "pattern": f"^{_FORM}$"},
)  # fmt: skip
ROUTES = (
    Route(
        "identifyByCode", "POST", "/v1/identity/codes", "identity",
        Text("持有人出示付款码：得代号，码即用掉", "a holder shows his code: his subject; the code is used up"), "Ask",
        by_code, body={"code": _CODE, "why": text(WHY_MAX)}, keyed=True, status=201,
        refusals=(INVALID, GUESSED, REUSED),
    ),
    Route(
        "sandboxCode", "POST", "/v1/sandbox/codes", "identity",
        Text("沙箱：有人出示付款码", "sandbox: somebody shows a code"), "Code", show,
        body={"payer": whole(1, PAYERS, optional=True)}, is_sandbox=True,
    ),
)  # fmt: skip
