"""A till that gives meals out by number, its centre beside it."""

from shared.fleet.document import DocumentKind
from shared.fleet.enrolled import enrolled_body
from shared.records import Kind
from tests.edge.terminal.supplied import Supplied

ADA, BEN, NOBODY = "20260001", "20260002", "20269999"
DAY_S = 86_400
FEN = 1500


class Till(Supplied):
    """A body that has the list of who is enrolled."""

    def __init__(self, school, per_week=2, **changed):
        super().__init__(school, DocumentKind.ENROLLED, **changed)
        self.offer(per_week)

    def offer(self, per_week=2, numbers=(ADA, BEN)):
        self.supply(enrolled_body(FEN, per_week, b"saltsalt", numbers))

    def eat(self, number, *, tell=True):
        return self.without_card(self.firmware.meal(number, self.now()), tell=tell)

    def asked(self, number):
        return self.firmware.meal_offer(number, self.now())

    def meals(self):
        return [one for _, one in sorted(self.written().items()) if one.kind == Kind.MEAL]
