"""An emergency meal 应急餐 by number: no card, no centre. Enrolled by the list that this till holds, once a meal and so
often a week as far as it knows itself.

The record is durable before the display, as of every sale; and as every sale it looks: neither display nor voice nor
slip tells how it was paid. What is refused here nobody was given; what another till gave out, the centre finds.
"""

from edge.terminal.store.meals import Had
from edge.terminal.taps import display
from edge.terminal.taps.body import Body
from edge.terminal.taps.display import Display
from edge.terminal.taps.steps import End, Result, Show, Shown, Tap
from shared.errors import WireFault
from shared.fleet.document import DocumentKind
from shared.fleet.enrolled import Enrolled
from shared.ids import CardId, person_id, person_number
from shared.inventory import DeviceKind
from shared.records import Kind
from shared.words.voice import Text

NO_LIST = Text("本机尚无名单", "this till has no list yet")
NOBODYS = Text("没有这个学号，请核对", "nobody has this number, look again")
NONE_GIVEN = Text("学校未开按学号记账", "the school gives nothing out by number")
HAD = Text("本餐次已记过", "recorded in this meal already")
WEEK = Text("本周已记满", "the week's number is reached")
HERE_NOT = Text("本机不按学号记账", "this body takes no numbers")


class MealPoint:
    """Emergency meals of one body."""

    def __init__(self, body: Body) -> None:
        self._body = body

    def offer(self, number: str) -> Display:
        """What is asked of the cashier before anything is recorded, or why it is not."""
        refused = self._refused(number)
        fen = self._list.fen if self._list is not None else 0
        return display.refused_number(refused) if refused is not None else display.by_number(number, fen)

    def give(self, number: str) -> Tap[Result]:
        """The cashier has said yes. One that was recorded and not told of is told now, and is no second one."""
        body = self._body
        if self._untold(number):
            return (yield from self._told(person_id(number)))
        bar = body.bar
        if bar is not None:
            yield Show(body.not_selling(bar))
            return Result(End.NOT_SELLING, 0)
        refused, known = self._refused(number), self._list
        if refused is not None or known is None:
            yield Show(display.refused_number(refused or NO_LIST))
            return Result(End.DECLINED, 0)
        person, time = person_id(number), body.time()
        clock = body.parameters.meal_clock(time)
        taken = len(body.meals.of_week(person, clock.day)) + 1
        row = body.book.meal(person, clock.meal, taken, known.fen, time)
        body.meals.note(person, Had(clock.day, clock.meal, row.epoch, row.seq, known.fen))
        body.untold.forget()
        yield Shown(row)
        yield Show(display.sold(known.fen))
        return Result(End.DONE, known.fen, row)

    @property
    def _list(self) -> Enrolled | None:
        found: Enrolled | None = self._body.documents.meaning(DocumentKind.ENROLLED)
        return found

    def _refused(self, number: str) -> Text | None:
        """None: it may be given out."""
        known, body = self._list, self._body
        if body.settings.kind is not DeviceKind.POS or body.settings.ride is not None:
            return HERE_NOT
        if known is None:
            return NO_LIST
        if not known.per_week:
            return NONE_GIVEN
        try:
            person = person_id(number)
        except WireFault:
            return NOBODYS
        if not known.has(number):
            return NOBODYS
        if self._untold(number):
            return None
        clock = body.parameters.meal_clock(body.time())
        had = body.meals.of_week(person, clock.day)
        if any((one.day, one.meal) == (clock.day, clock.meal) for one in had):
            return HAD
        return WEEK if len(had) >= known.per_week else None

    def _untold(self, number: str) -> bool:
        """This person's meal was recorded last, and the power went before anybody was told."""
        row = self._body.untold.row
        return row is not None and row.kind == Kind.MEAL and person_number(row.card) == number

    def _told(self, person: CardId) -> Tap[Result]:
        row = self._body.untold.take(person, 0, frozenset({Kind.MEAL}))
        if row is None:
            return Result(End.DECLINED, 0)
        yield Shown(row)
        yield Show(display.earlier(row.amount_fen))
        return Result(End.DONE, row.amount_fen, row)
