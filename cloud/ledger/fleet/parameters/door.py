"""The ledger's doors for parameters of terminals: each is one transaction, and answers after its commit.

Signing is nobody's business here: what is to be made comes drafted and signed. A push is made whole or not at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cloud.ledger.fleet.documents.making import Draft, keep
from cloud.ledger.fleet.documents.rows import Document, body_of, generation_of, newest
from cloud.ledger.fleet.parameters import canaries, rows, tallies
from cloud.ledger.fleet.parameters.canaries import Outcome, Watched
from cloud.ledger.fleet.parameters.rows import KeptFile, Making, Push, PushKind, Trial
from cloud.ledger.fleet.parameters.spent import Refused, would_refuse
from cloud.ledger.journal.move_rows import boxes_now
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import Now
from cloud.parameters.campus_file import CampusFile, read_file
from cloud.parameters.canary import Word
from cloud.parameters.resolve import Position
from cloud.store.db import Database
from shared.clocks.clock import DAY_S, period_began
from shared.clocks.school_days import WEEKDAYS, Calendar
from shared.errors import ConfigFault
from shared.facts.settings import (
    CanaryAlone,
    CanaryBack,
    CanaryOn,
    CanaryQuiet,
    CanaryStuck,
    ParametersPushed,
    TighterEnded,
)
from shared.facts.terms import word_of
from shared.facts.told import Told
from shared.fleet.document import DocumentKind, SignedHead, device_scope
from shared.fleet.parameters import MealRow, ParameterBody, decode_parameters
from shared.ids import BoxId, DeviceId
from shared.purse.reasons import Reason
from shared.wire.fleet_lane import Tallied
from shared.words.voice import Text

_NEWEST = "SELECT f.text FROM parameter_push p JOIN parameter_file f ON f.id = p.file ORDER BY p.id DESC LIMIT 1"
CENTRE = "centre"
"""Who ends a trial: nobody, two persons have said so beforehand."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a terminal should have now. before None: no document yet. former: what counts when its trial ends, or now
    where there is none."""

    before: ParameterBody | None
    former: ParameterBody | None
    until_s: int = 0


def body_made(db: Database, device: bytes, generation: int) -> ParameterBody | None:
    """What that generation of this terminal's said; None: it was never made here. Inside of a snapshot."""
    found = generation_of(db, DocumentKind.PARAMETERS, device_scope(DeviceId(device)), generation)
    return decode_parameters(body_of(db, found)) if found else None


class ParameterLedger:
    """Over an opened ledger; belongs to one thread at a time."""

    def __init__(self, opened: OpenedLedger) -> None:
        self.opened = opened
        self.database = opened.database

    def positions(self) -> list[Position]:
        """Every registered terminal, by name."""
        with self.database.reading():
            return positions(self.database)

    def standing(self, devices: Sequence[bytes]) -> dict[bytes, Standing]:
        """What each of these should have now."""
        with self.database.reading():
            return standing(self.database, devices)

    def made(self, device: bytes, generation: int) -> ParameterBody | None:
        """What that generation of this terminal's said; None: it was never made here."""
        with self.database.reading():
            return body_made(self.database, device, generation)

    def would_refuse(self, bodies: Mapping[bytes, ParameterBody], now: Now) -> list[Refused]:
        """In the last days, by terminal and meal."""
        with self.database.reading():
            return would_refuse(self.database, bodies, now.campus_s)

    def push(
        self, file: CampusFile, kind: PushKind, who: str, targets: Sequence[bytes], made: Sequence[Making], now: Now,
        signed: Sequence[tuple[Outcome, Making]] = (),
    ) -> Push:  # fmt: skip
        """Durable and on its way when it returns. ConfigFault: another one was made meanwhile, and nothing is done.
        signed: with a canary, for the day on which it is judged."""
        with self.opened.writing(now) as writing:
            push = keep_all(writing, rows.keep_file(writing, file, who), kind, who, targets, made)
            if kind is PushKind.CANARY:
                canaries.keep_watch(writing, push, signed)
            writing.notes.tell(ParametersPushed(push.number, file.title, len(made), len(targets), who))
            return push

    def say_again(self, last: Document, draft: Draft, signed: SignedHead, who: str, now: Now) -> bool:
        """The same parameters of one terminal under a higher number. False: limits are on trial there, whose end is
        signed already and says a number of its own. ConfigFault when somebody was faster."""
        device = bytes(last.scope[1:])
        with self.opened.writing(now) as writing:
            if any(one.device == device for one in rows.trials(writing.db)):
                return False
            file = next(
                push.file for push in reversed(rows.pushes(writing.db)) if push.made.get(device) == last.generation
            )
            keep_all(writing, file, PushKind.AGAIN, who, [device], [Making(device, draft, signed)])
            return True

    def end_due(self, now: Now) -> int:
        """Trials whose time has come: the former limits count again. How many terminals."""
        with self.database.reading():
            due = [one for one in rows.trials(self.database) if one.until_s <= now.campus_s]
        if due:
            with self.opened.writing(now) as writing:
                _end(writing, due)
        return len(due)

    def watch(self, now: Now) -> int:
        """Canaries go back, go on, or say why they do neither. How many did something."""
        with self.database.reading():
            said = canaries.words_of(self.database)
            due = [one for one in canaries.looked_at(self.database, now) if one.word not in said[one.push.number]]
        if due:
            with self.opened.writing(now) as writing:
                for one in due:
                    _conclude(writing, one)
        return len(due)

    def canaries(self) -> dict[int, list[Word]]:
        """Push → what was said of it as a canary."""
        with self.database.reading():
            return canaries.words_of(self.database)

    def watched(self, now: Now) -> list[Watched]:
        """Canaries that are watched, as they stand."""
        with self.database.reading():
            return canaries.looked_at(self.database, now)

    def history(self) -> list[tuple[Push, KeptFile]]:
        """All pushes, oldest first, each with its file."""
        with self.database.reading():
            return rows.history(self.database)

    def push_of(self, number: int) -> tuple[Push, CampusFile]:
        """ConfigFault: there is none."""
        for push, file in self.history():
            if push.number == number:
                return push, read_file(file.text)
        raise ConfigFault(Text(f"没有第 {number} 次下发", f"there is no push {number}"))

    def tallied(self, box: BoxId, said: Tallied, now: Now) -> None:
        """What a terminal has served and refused, by its own box."""
        with self.opened.writing(now) as writing:
            if writing.registry.serves(box, said.device):
                tallies.keep_tally(writing.db, said, now.unix_ms)
                tallies.forget_old(writing.db, said.device, now.campus_s // DAY_S)

    def calendar(self) -> Calendar:
        """The school calendar that counts now."""
        with self.database.reading():
            return calendar(self.database)


def positions(db: Database) -> list[Position]:
    """Every registered terminal, by name. Inside of a transaction."""
    moved = boxes_now(db)
    found = db.run("SELECT device, name, kind, box, merchant FROM device ORDER BY name")
    return [Position(bytes(d), name, kind, moved.get(bytes(d)) or box, shop) for d, name, kind, box, shop in found]


def standing(db: Database, devices: Sequence[bytes]) -> dict[bytes, Standing]:
    """What each of these should have now. Inside of a transaction."""
    running = {one.device: one for one in rows.trials(db)}
    return {device: _standing(db, device, running.get(device)) for device in devices}


def calendar(db: Database) -> Calendar:
    """That of the file that was pushed last; without any, weekdays. Inside of a transaction."""
    found = db.run(_NEWEST)
    return _calendar(found[0][0]) if found else WEEKDAYS


def ceiling_fen(db: Database) -> int:
    """What a purse may hold by that file; 0: it does not say, or there is none. Inside of a transaction."""
    found = db.run(_NEWEST)
    return _ceiling(found[0][0]) if found else 0


def meals_begin(db: Database) -> tuple[int, ...]:
    """When the meals of that file begin, seconds after midnight; without any, none. Inside of a transaction."""
    return tuple(row.from_s for row in meals(db))


def meals(db: Database) -> tuple[MealRow, ...]:
    """Meals of that file; without any, none. Inside of a transaction."""
    found = db.run(_NEWEST)
    return _meals(found[0][0]) if found else ()


def meal_began(db: Database, now_s: int) -> int:
    """Campus second at which the meal period of this moment began by that file; without any, its day. Inside of a
    transaction."""
    found = db.run(_NEWEST)
    return period_began(now_s, *(_periods(found[0][0]) if found else (0, ())))


@lru_cache(maxsize=2)
def _periods(text: str) -> tuple[int, tuple[int, ...]]:
    """Asked for at every payment of a capped card. Beginning of the day, and of its meals after it."""
    file = read_file(text)
    return file.day_start_s, tuple((row.from_s - file.day_start_s) % DAY_S for row in file.meals)


@lru_cache(maxsize=2)
def _meals(text: str) -> tuple[MealRow, ...]:
    """Asked for every few seconds."""
    return read_file(text).meals


@lru_cache(maxsize=2)
def _ceiling(text: str) -> int:
    """Asked for before each load that comes by itself."""
    return read_file(text).ceiling_fen


@lru_cache(maxsize=2)
def _calendar(text: str) -> Calendar:
    """Asked for at every look at lost cards."""
    return read_file(text).calendar


def keep_all(
    writing: Writing, file: int, kind: PushKind, who: str, targets: Sequence[bytes], made: Sequence[Making],
    proposal: int | None = None,
) -> Push:  # fmt: skip
    """Inside of a transaction. ConfigFault when somebody was faster: nothing of it is done."""
    for one in made:
        if keep(writing, one.draft, one.signed, who) is None:
            raise ConfigFault(Text("其间另有下发，请重试", "something else was pushed meanwhile: say it again"))
    generations = {one.device: one.draft.head.generation for one in made}
    push = rows.keep_push(writing, file, kind, who, targets, generations, proposal)
    rows.keep_trials(
        writing,
        [Trial(push.number, m.device, m.draft.head.generation, *m.end) for m in made if m.end is not None],
    )
    return push


def _conclude(writing: Writing, one: Watched) -> None:
    """Once: a word that was said is not said again."""
    outcome = {Word.BACK: Outcome.BACK, Word.ON: Outcome.ON}.get(one.word)
    made = canaries.signed_for(writing.db, one.push.number, outcome) if outcome is not None else []
    is_ready = bool(made) and canaries.is_newest(writing.db, made)
    word = one.word
    if outcome is not None and not is_ready:
        word = Word.STUCK if outcome is Outcome.BACK else Word.OVERTAKEN
    canaries.say(writing, one.push.number, word)
    if is_ready and outcome is not None:
        kind = PushKind.BACK if outcome is Outcome.BACK else PushKind.CONTINUE
        keep_all(writing, one.push.file, kind, CENTRE, [each.device for each in made], made)
    told = _told(one, word, len(made))
    if told is not None:
        writing.notes.tell(told)


def _told(one: Watched, word: Word, terminals: int) -> Told | None:
    push, taps, percent = one.push.number, one.canary.taps, one.canary.percent
    match word:
        case Word.BACK:
            reason = word_of(Reason(one.reason).name) if one.reason in {*Reason} else str(one.reason)
            return CanaryBack(push, terminals, taps, percent, one.own.percent, one.rest.percent, reason)
        case Word.ON:
            return CanaryOn(push, terminals, taps, percent)
        case Word.QUIET:
            return CanaryQuiet(push, taps, one.age_s // 3600)
        case Word.ALONE:
            return CanaryAlone(push, taps, percent)
        case Word.STUCK:
            return CanaryStuck(push, taps, percent)
    return None


def _standing(db: Database, device: bytes, trial: Trial | None) -> Standing:
    last = newest(db, DocumentKind.PARAMETERS, device_scope(DeviceId(device)))
    before = decode_parameters(body_of(db, last)) if last is not None else None
    if trial is None:
        return Standing(before, before)
    return Standing(before, decode_parameters(trial.draft.body), trial.until_s)


def _end(writing: Writing, due: Sequence[Trial]) -> None:
    """By push, so that each is told once."""
    files = {one.number: one.file for one in rows.pushes(writing.db)}
    for number in sorted({one.push for one in due}):
        mine = [one for one in due if one.push == number]
        made = [Making(one.device, one.draft, one.signed) for one in mine]
        keep_all(writing, files[number], PushKind.END, CENTRE, [one.device for one in mine], made)
        writing.notes.tell(TighterEnded(number, len(mine)))
