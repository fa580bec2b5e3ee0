"""What a terminal asks for: a load, or an account payment. The first byte of the payload says which. Pure."""

from cloud.ledger.records.values import Now
from cloud.online.load import LoadAnswers
from cloud.online.payment import PaymentAnswers
from shared.errors import WireFault
from shared.ids import BoxId
from shared.online import LOADS, LoadAnswer, LoadResult, parse_request
from shared.wire.messages import OnlineAnswer, OnlineRequest


class OnlineAnswers:
    """Answers online requests of terminals."""

    def __init__(self, loads: LoadAnswers, payments: PaymentAnswers) -> None:
        self.loads = loads
        self.payments = payments

    def answer(self, box: BoxId, request: OnlineRequest, now: Now) -> OnlineAnswer | None:
        """What goes back to the terminal. None: a repeat gets the answer."""
        try:
            asked = parse_request(request.payload)
        except WireFault:
            self.loads.counts.malformed += 1
            return _to(request, LoadAnswer(LoadResult.NOT_NOW).to_bytes())
        if asked.purpose in LOADS:
            return self.loads.answer(box, request, now)
        answer = self.payments.answer(box, request, asked, now)
        return None if answer is None else _to(request, answer.to_bytes())


def _to(request: OnlineRequest, payload: bytes) -> OnlineAnswer:
    return OnlineAnswer(request.device, request.epoch, request.request, payload)
