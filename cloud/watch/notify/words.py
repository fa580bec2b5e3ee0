"""What a message says, in its reader's language: a subject, a text, and an SMS of at most 70 characters. Pure.

What comes from outside (names, notes, facts) is put on one line, so that nothing of it becomes a header. A card's
number does not leave the house: of it the end is told, and the list says the rest.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from cloud.watch.alarms.drill import is_drill
from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.signals import reading
from cloud.watch.alarms.states import Alarm
from cloud.watch.alarms.terms import GRADES, Kind, Source
from cloud.watch.alarms.watching import Key
from cloud.watch.notify.channels.parts import units
from cloud.watch.notify.templates import SMS_MAX, STANDARD, Templates, filled, one_line
from cloud.watch.notify.terms import WHYS, Why
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.facts.catalogue import words
from shared.facts.told import Level, Params, Value
from shared.words.voice import Language, Text

SMS_LEAST = 24
"""Characters of an SMS's text that a link does not take."""
LISTED_MAX = 20
"""Alarms that a mail names; of more the number is said."""
COUNTED_FROM = 5
"""A message of more alarms says how many of each grade."""
CARDS = frozenset({"card"})
"""Parameters of facts that are a card's number."""
CARD_END = 4
"""Of it so many signs are told."""


_DRILL = Text("【演练】", "DRILL ")


class Told(NamedTuple):
    """An alarm for a message. alarm None: it is over. rule None: it is no longer in force."""

    key: Key
    alarm: Alarm | None
    rule: Rule | None
    code: str = ""
    told: Params = ()
    under: int = 0
    """How many others it explains."""
    link: str = ""
    """Where its page is; empty: nobody knows."""


class Said(NamedTuple):
    """A message's words; a way takes what it can carry."""

    subject: str
    text: str
    sms: str


Calls = Callable[[Source], str]
"""What people call a source."""


def private(told: Params) -> Params:
    """A fact's parameters as they may leave the house."""
    return tuple((name, _end(value) if name in CARDS else value) for name, value in told)


def private_source(source: Source) -> Source:
    """A source as it may leave the house."""
    return Source(source.kind, source.name[-CARD_END:]) if source.kind is Kind.CARD else source


def _end(value: Value) -> Value:
    if isinstance(value, bytes):
        return value[-CARD_END // 2 :]
    return f"…{str(value)[-CARD_END:]}" if len(str(value)) > CARD_END else value


def said(
    why: Why, found: Sequence[Told], calls: Calls, campus: str, language: Language, code: str = "",
    templates: Templates | None = None,
) -> Said:  # fmt: skip
    """Of one message; found is not empty but for a test. code: with which an SMS is answered. templates: the school's
    own."""
    templates = templates or STANDARD[language]
    found = sorted(found, key=_worst_first)
    fields = _head(why, found, calls, campus, language)
    body = [_paragraph(why, one, calls, language, templates) for one in found[:LISTED_MAX]]
    if len(found) > LISTED_MAX:
        rest = len(found) - LISTED_MAX
        body.append(_in(Text(f"另有 {rest} 条", f"and {rest} more"), language))
    drill = _in(_DRILL, language) if found and all(is_drill(one.key) for one in found) else ""
    sms, subject = drill + filled(templates.sms, fields), drill + filled(templates.subject, fields)
    asks = filled(templates.answer, {"code": code}) if code else ""
    return Said(subject, "\n\n".join(body) or fields["why"], short(sms, asks, found[0].link if found else ""))


def answer_with(code: str, language: Language) -> str:
    """How an SMS asks for an answer; empty without a code."""
    return filled(STANDARD[language].answer, {"code": code}) if code else ""


def short(text: str, answer: str = "", link: str = "") -> str:
    """One SMS, on one line: the text is cut, never what stands behind it. A link that leaves it less than SMS_LEAST is
    left out."""
    text, link = one_line(text), f" {link}" if link else ""
    if units(answer) + units(link) + min(units(text), SMS_LEAST) <= SMS_MAX:
        answer += link
    if units(text) + units(answer) <= SMS_MAX:
        return text + answer
    while text and units(text) + units(answer) >= SMS_MAX:
        text = text[:-1]
    return f"{text}…{answer}"


def _worst_first(one: Told) -> tuple[int, int]:
    """What is over comes last."""
    if one.alarm is None or not one.alarm.is_active:
        return len(GRADES), 0
    return list(GRADES).index(one.alarm.grade), one.alarm.since_ms


def _counted(found: Sequence[Told], language: Language) -> str:
    """How many of each grade, and how many are over."""
    counts = Counter(min(_worst_first(one)[0], len(GRADES)) for one in found)
    names = [*GRADES.values(), Text("已恢复", "over")]
    parts = [f"{_in(names[grade], language)} {count}" for grade, count in sorted(counts.items())]
    return ("、" if language is Language.ZH else ", ").join(parts)


def _head(why: Why, found: Sequence[Told], calls: Calls, campus: str, language: Language) -> dict[str, str]:
    what = _in(WHYS[why], language)
    if why is Why.DIGEST or len(found) > COUNTED_FROM:
        what = f"{what} {_counted(found, language)}"
    return {
        "campus": campus, "grade": _grade(found, language), "why": what,
        "title": _title(found[0], calls, language) if found else what,
        "more": f" +{len(found) - 1}" if len(found) > 1 else "", "since": _since(found, language),
    }  # fmt: skip


def _paragraph(why: Why, one: Told, calls: Calls, language: Language, templates: Templates) -> str:
    """By the school's words, and how somebody says that he has seen it."""
    text = filled(templates.mail, _fields(why, one, calls, language))
    if one.link:
        return f"{text}\n{_in(_opened(one), language)}"
    if one.alarm is None or not one.alarm.calls or private_source(one.key.source) != one.key.source:
        return text
    return f"{text}\n{_in(_answer(one), language)}"


def _fields(why: Why, one: Told, calls: Calls, language: Language) -> dict[str, str]:
    """What is over wants nothing: of it no advice is given."""
    read = reading(one.rule, one.told)
    told = _in(read, language) if read else ""
    if one.code:
        told = words(one.code, private(one.told))[language is Language.EN]
    when = time_text(WALL.at(one.alarm.since_ms / 1000)) if one.alarm is not None else ""
    under = _in(Text(f"含 {one.under} 条", f"explains {one.under} others"), language) if one.under else ""
    fields = {"title": _title(one, calls, language), "under": under, "told": told, "when": when}
    if one.rule is None or why is Why.RETURNED:
        return fields
    advice = one.rule.advice
    cause = advice.cause_of(calls(one.key.source))
    texts = {"cause": cause, "consequence": advice.consequence, "action": advice.action}
    return fields | {name: _in(text, language) for name, text in texts.items()}


def _answer(one: Told) -> Text:
    """How somebody says that he has seen it."""
    words = f"./ykt cloud alarms ack {one.key.rule} {one.key.source} --who"
    return Text(f"确认：{words} 姓名", f"acknowledge: {words} NAME")


def _opened(one: Told) -> Text:
    """What whoever has seen it opens."""
    calls = one.alarm is not None and one.alarm.calls
    return Text(
        f"{'打开并确认' if calls else '打开'}：{one.link}", f"{'open and acknowledge' if calls else 'open'}: {one.link}"
    )


def _title(one: Told, calls: Calls, language: Language) -> str:
    title = _in(one.rule.advice.title, language) if one.rule else one.key.rule
    return one_line(f"{title} {calls(private_source(one.key.source))}")


def _grade(found: Sequence[Told], language: Language) -> str:
    """The gravest of them."""
    there = {one.alarm.grade for one in found if one.alarm is not None}
    gravest = next((grade for grade in GRADES if grade in there), Level.NOTICE)
    return _in(GRADES[gravest], language) if there else ""


def _since(found: Sequence[Told], language: Language) -> str:
    since = min((one.alarm.since_ms for one in found if one.alarm is not None), default=0)
    clock = time_text(WALL.at(since / 1000))[-8:-3] if since else ""
    return f"{'，' if language is Language.ZH else ', '}{clock}" if clock else ""


def _in(text: Text, language: Language) -> str:
    return text.in_language(language)
