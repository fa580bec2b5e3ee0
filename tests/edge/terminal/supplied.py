"""A till that holds a document of its centre's, what is done there without a card, and the power that goes."""

from edge.link import messages as link
from edge.link.messages import Type
from edge.terminal.station.tapping import run_through
from edge.terminal.store.papers import MemoryPapers
from tests.edge.terminal.conftest import Bench
from tests.edge.terminal.down.centre import CAMPUS_PUBLIC, Centre


class Supplied(Bench):
    """A body, and the centre of one kind of documents beside it."""

    def __init__(self, school, document, **changed):
        self.centre = Centre(document)
        super().__init__(school, papers=MemoryPapers(), campus_key=CAMPUS_PUBLIC.hex(), **changed)
        self.edge.wanted = lambda want: [
            self.edge.seal(Type.DOCUMENT_PAGE, link.DOCUMENT_PAGE.encode(self.centre.page(want.generation, number)))
            for number in want.numbers
        ]
        self.connect()

    def supply(self, body):
        """The next generation of it."""
        generation = self.centre.make(body)
        self.deliver(self.edge.seal(Type.DOCUMENT_KEY, link.DOCUMENT_KEY.encode(self.centre.key)))
        self.deliver(self.edge.seal(Type.DOCUMENT_HEAD, link.DOCUMENT_HEAD.encode(self.centre.head(generation))))
        self.wait(0)

    def without_card(self, tap, *, tell=True):
        """tell False: the power goes behind the record, in front of the display."""
        result = run_through(tap, self.counter) if tell else _cut_before_the_display(tap, self.counter)
        self.exchange()
        return result


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
