"""What somebody does about alarms: about one on its page, about several after he has seen what it will change.

Who acts is who has signed in, and he is a known person of the watch from his first act on. An act on an alarm that he
may not answer is refused whole.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from flask import abort, redirect, render_template, request, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.clock import wall_now
from cloud.console.frame.frozen import frozen
from cloud.console.frame.page import Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import Asked, asked, fitting
from cloud.console.frame.told import tell
from cloud.console.frame.undo import Undoable, offered, undos
from cloud.console.pages.alarms.alarms import key_of_path
from cloud.console.pages.alarms.reading import Look, look, now_ms, signed
from cloud.console.pages.alarms.rows import COLUMNS, FILTERS, Row, chosen, rows
from cloud.watch.alarms.states import Alarm, AlarmRefused
from cloud.watch.alarms.watching import Key
from cloud.watch.notify import persons
from cloud.watch.people.answers import Word, split, wants_note
from cloud.watch.people.links import require_there
from cloud.watch.people.standing import key_of
from cloud.watch.people.undoing import STEPS as UNDOABLE
from cloud.watch.people.undoing import Taken, answer_undoably, taken_of, undo
from cloud.watch.store import WatchStore
from shared.words.voice import Text

BULK_MAX = 1_000
"""Alarms that are answered at once; more are answered in parts, and the page says how many are left."""
SHOWN_MAX = 200
"""Of them so many are named."""
SCOPES = ("ticked", "page", "matching")
TYPED_ABOVE = 50
"""Above so many their number is typed in."""
STEPS = {
    "ack": Text("确认", "acknowledge"), "take": Text("接单", "take"), "shelve": Text("搁置", "shelve"),
    "unshelve": Text("取消搁置", "unshelve"), "stop": Text("停报", "out of service"),
    "start": Text("恢复报警", "in service"), "link": Text("关联", "link"),
    "assign": Text("指派", "assign"), "comment": Text("备注", "comment"),
}  # fmt: skip
UNDO = "alarms"
"""The kind of what can be taken back here."""
FROZEN = "alarms"
"""The kind of what is chosen here."""
BULK_STEPS = ("ack", "take", "shelve", "unshelve")
SPANS_S = {"": 0, "30m": 1800, "2h": 7200, "8h": 28_800, "1d": 86_400, "3d": 259_200, "7d": 604_800}


class Chosen(NamedTuple):
    """Several alarms that somebody has chosen, and what a step would do to them. more: beyond BULK_MAX."""

    rows: Sequence[Row]
    changes: Sequence[Key]
    leaves: Sequence[Key]
    without_note: Sequence[Key]
    more: int = 0


def _act(sources: Sources, rule: str, source: str) -> Reply:
    """AlarmRefused, PersonRefused: nothing has changed."""
    key = key_of_path(rule, source)
    word = _word(STEPS)
    with sources.watch() as store:
        with store.db.reading():
            here = look(sources, store)
        if not here.may(rule, key.source, Right.ANSWER):
            abort(403)
        if word.step == "link":
            require_there(sources.reader, word.to, wall_now())
        be_known(store)
        taken = answer_undoably(store, key, word, here.at_ms)
    said = STEPS[word.step]
    tell(f"alarm:{rule} {key.source}", Text(f"{said.zh}报警 {_noted(word)}", f"{said.en} {_noted(word)}"))
    back = url_for("alarm", rule=rule, source=str(key.source))
    return redirect(_offered(sources, word.step, [taken] if taken else [], back))


def _offered(sources: Sources, step: str, found: Sequence[Taken], back: str, then: str = "") -> str:
    """The address of the next page, which offers to take it back where that can be. then: where it is another one."""
    if step not in UNDOABLE or not found:
        return then or back
    said = Text(f"已{STEPS[step].zh} {len(found)} 条", f"{STEPS[step].en}: {len(found)}")
    one = Undoable(UNDO, said, [each.to_json() for each in found], back)
    return offered(then or back, undos(sources.file).keep(signed().name, one, now_ms()))


def take_back(sources: Sources, payload: Any) -> None:  # noqa: ANN401 - as JSON has it
    """What was answered is as it was, of what he may still answer."""
    found = [taken_of(one) for one in payload]
    with sources.watch() as store:
        with store.db.reading():
            here = look(sources, store)
        _require_his(here, [one.key for one in found])
        count = undo(store, found, be_known(store), now_ms())
    tell("alarms", Text(f"撤消 {count} 条", f"took back {count}"))


def _bulk(sources: Sources) -> Reply:
    """First shown, with what it will change; then done, of exactly those that were shown."""
    word = _word(BULK_STEPS)
    with sources.watch() as store:
        with store.db.reading():
            here = look(sources, store)
        found = _chosen(sources, here, word)
        if request.form.get("sure") != "1" or _lacks(found, word):
            token = frozen(sources.file).freeze(signed().name, FROZEN, [row["key"] for row in found.rows], now_ms())
            return render_template(
                "alarms/bulk.html", found=found, word=word, said=STEPS[word.step], spans=SPANS_S, frozen=token,
                span=request.form.get("for", ""), typed_above=TYPED_ABOVE, lacks=_lacks(found, word),
                shown=found.rows[:SHOWN_MAX],
            )  # fmt: skip
        be_known(store)
        taken = [one for key in found.changes if (one := _one(store, key, word))]
    done = len(taken)
    said = STEPS[word.step]
    tell("alarms", Text(f"{said.zh} {done} 条报警 {_noted(word)}", f"{said.en} {done} alarms {_noted(word)}"))
    shown = url_for("alarms", done=done, left=len(found.rows) - done)
    return redirect(_offered(sources, word.step, taken, url_for("alarms"), shown))


def _one(store: WatchStore, key: Key, word: Word) -> Taken | None:
    """One that is gone by now, or was answered in between, is left."""
    try:
        return answer_undoably(store, key, word, now_ms())
    except AlarmRefused:
        return None


def _chosen(sources: Sources, here: Look, word: Word) -> Chosen:
    """Those that were ticked, that stood on the page, that fit the filters and are his to answer, or that were frozen
    before; 403 when one that was named is not his to answer."""
    alarms: dict[Key, Alarm] = {key_of(one): one.alarm for one in here.seen}
    every, among = rows(here), request.form.get("among", SCOPES[0])
    if token := request.form.get("frozen", ""):
        named = frozen(sources.file).of(token, signed().name, FROZEN, now_ms())
        if named is None:
            raise AlarmRefused(Text("这次选择已过期，请重新选择", "this choice has ended: choose again"))
        picked = _named(here, every, named)
    elif among == "matching":
        picked = fit(here, every, asked(request.form, FILTERS))
    else:
        picked = _named(here, every, request.form.getlist("shown" if among == "page" else "key")[:BULK_MAX])
    more, picked = max(0, len(picked) - BULK_MAX), picked[:BULK_MAX]
    keys = {row["key"]: key_of_path(row["rule"], row["source"]) for row in picked}
    _require_his(here, list(keys.values()))
    found = split(((key, alarms[key]) for key in keys.values()), word.step)
    bare = [key for key in found.changes if wants_note(alarms[key], word.step) and not word.note.strip()]
    return Chosen(picked, found.changes, found.leaves, bare, more)


def fit(here: Look, every: Sequence[Row], wanted: Asked) -> list[Row]:
    """All that fit the filters and are his to answer."""
    found = fitting(chosen(every, dict(wanted.kept)), COLUMNS, wanted.find)
    return [row for row in found if here.may(row["rule"], key_of_path(row["rule"], row["source"]).source, Right.ANSWER)]


def _named(here: Look, every: Sequence[Row], names: Sequence[str]) -> list[Row]:
    """What is over by now is left out."""
    wanted = set(names)
    _require_his(here, [key_of_path(*one.partition(" ")[::2]) for one in wanted])
    return [row for row in every if row["key"] in wanted]


def _require_his(here: Look, keys: Sequence[Key]) -> None:
    """Whether there is such an alarm or not."""
    if not all(here.may(key.rule, key.source, Right.ANSWER) for key in keys):
        abort(403)


def _lacks(found: Chosen, word: Word) -> str:
    """Key of what is still wanted before it is done; empty: nothing is."""
    if found.without_note:
        return "lacks_note"
    if word.step == "shelve" and not word.for_s:
        return "lacks_end"
    is_typed = request.form.get("count", "").strip() == str(len(found.changes))
    return "lacks_count" if len(found.changes) > TYPED_ABOVE and not is_typed else ""


def _word(steps: Sequence[str] | dict[str, Text]) -> Word:
    """Of the form; 400 for a step or a time that there is not."""
    step, span = request.form.get("step", ""), request.form.get("for", "")
    if step not in steps or span not in SPANS_S:
        abort(400)
    note, to = request.form.get("note", "").strip(), request.form.get("to", "").strip()
    return Word(step, signed().name, " ".join(note.split()), SPANS_S[span], to)


def _noted(word: Word) -> str:
    return " ".join(part for part in (word.to, word.note) if part)


def be_known(store: WatchStore) -> str:
    """Who acts, as the watch knows him; the first operator becomes one of its persons so. PersonRefused."""
    with store.db.writing():
        return persons.ensured(store.db, signed().name).name


PAGES = (
    Page("act_alarm", "/alarms/<rule>/<path:source>", Right.ANSWER, _act, writes=True),
    Page("act_alarms", "/alarms", Right.ANSWER, _bulk, writes=True),
)
