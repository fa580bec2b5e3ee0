"""A till that gives meals out by number, its centre beside it; and the power that goes in front of a display."""

from edge.link import messages as link
from edge.link.messages import Type
from edge.terminal.station.tapping import run_through
from edge.terminal.store.papers import MemoryPapers
from shared.fleet.document import DocumentKind
from shared.fleet.enrolled import enrolled_body
from shared.records import Kind
from tests.edge.terminal.conftest import Bench
from tests.edge.terminal.down.centre import CAMPUS_PUBLIC, Centre

ADA, BEN, NOBODY = "20260001", "20260002", "20269999"
DAY_S = 86_400
FEN = 1500


class Till(Bench):
    """A body that has the list of who is enrolled."""

    def __init__(self, school, per_week=2, **changed):
        self.centre = Centre(DocumentKind.ENROLLED)
        super().__init__(school, papers=MemoryPapers(), campus_key=CAMPUS_PUBLIC.hex(), **changed)
        self.edge.wanted = lambda want: [
            self.edge.seal(Type.DOCUMENT_PAGE, link.DOCUMENT_PAGE.encode(self.centre.page(want.generation, number)))
            for number in want.numbers
        ]
        self.connect()
        self.offer(per_week)

    def offer(self, per_week=2, numbers=(ADA, BEN)):
        generation = self.centre.make(enrolled_body(FEN, per_week, b"saltsalt", numbers))
        self.deliver(self.edge.seal(Type.DOCUMENT_KEY, link.DOCUMENT_KEY.encode(self.centre.key)))
        self.deliver(self.edge.seal(Type.DOCUMENT_HEAD, link.DOCUMENT_HEAD.encode(self.centre.head(generation))))
        self.wait(0)

    def eat(self, number, *, tell=True):
        tap = self.firmware.meal(number, self.now())
        result = run_through(tap, self.counter) if tell else _cut_before_the_display(tap, self.counter)
        self.exchange()
        return result

    def asked(self, number):
        return self.firmware.meal_offer(number, self.now())

    def meals(self):
        return [one for _, one in sorted(self.written().items()) if one.kind == Kind.MEAL]


def _cut_before_the_display(tap, counter):
    shown = counter.log
    counter.log = lambda row: (_ for _ in ()).throw(PowerGoes)
    try:
        run_through(tap, counter)
    except PowerGoes:
        return
    finally:
        counter.log = shown


class PowerGoes(BaseException):
    """Behind the record, in front of the display."""
