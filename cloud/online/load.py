"""Load 圈存 at the centre: MAC1 checked, account debited and committed, only then MAC2; one answer per request.

Refuses to let a MAC2 out before the commit, so a card is never credited without its account having paid. Where it
stops half-way it says nothing: the terminal repeats and gets the same bytes, or the card's next counter settles it.
"""

from dataclasses import dataclass
from typing import Protocol

from cloud.keys.faults import KeyRefused
from cloud.ledger.records.values import LoadDecision, Now
from shared.errors import KeyFault, StoreFault, WireFault
from shared.ids import BoxId
from shared.online import LoadAnswer, LoadRequest, LoadResult, parse_request
from shared.purse.load_auth import LoadAuth
from shared.wire.messages import OnlineAnswer, OnlineRequest


class LoadKeys(Protocol):
    """The key process, as `keys.client` asks it. KeyRefused is a no, any other KeyFault means away: ask again."""

    def load_check(self, auth: LoadAuth) -> bool: ...

    def load_mac2(self, auth: LoadAuth, time_s: int) -> bytes: ...


class LoadBook(Protocol):
    """The ledger's door for loads. StoreFault: in doubt, call again."""

    def load_authorise(
        self, box: BoxId, request: OnlineRequest, load: LoadRequest, mac1_ok: bool, now: Now
    ) -> LoadDecision: ...


@dataclass(slots=True)
class LoadCounts:
    """Since the start, per answer given or withheld. again: granted before, repeated."""

    granted: int = 0
    again: int = 0
    refused: int = 0
    malformed: int = 0
    withheld: int = 0


class LoadAnswers:
    """Answers online requests of terminals: loads, claims, second tries."""

    def __init__(self, keys: LoadKeys, book: LoadBook, counts: LoadCounts) -> None:
        self._keys = keys
        self._book = book
        self.counts = counts

    def answer(self, box: BoxId, request: OnlineRequest, now: Now) -> OnlineAnswer | None:
        """What goes back to the terminal. None: the account has paid, or may have; a repeat gets the answer."""
        answer = self._decided(box, request, now)
        if answer is None:
            self.counts.withheld += 1
            return None
        self.counts.refused += answer.result is not LoadResult.GRANTED
        return OnlineAnswer(request.device, request.epoch, request.request, answer.to_bytes())

    def _decided(self, box: BoxId, request: OnlineRequest, now: Now) -> LoadAnswer | None:
        try:
            load = parse_request(request.payload)
        except WireFault:
            self.counts.malformed += 1
            return LoadAnswer(LoadResult.NOT_NOW)
        try:
            mac1_ok = self._is_the_cards(load_auth(load, request))
        except KeyFault:
            return LoadAnswer(LoadResult.NOT_NOW)  # nothing was touched: a plain no
        return self._authorised(box, request, load, mac1_ok, now)

    def _authorised(
        self, box: BoxId, request: OnlineRequest, load: LoadRequest, mac1_ok: bool, now: Now
    ) -> LoadAnswer | None:
        try:
            decision = self._book.load_authorise(box, request, load, mac1_ok, now)
        except StoreFault:
            return None  # the account may have paid: the repeated request finds out
        if decision.result is not LoadResult.GRANTED:
            return LoadAnswer(decision.result, amount_fen=decision.amount_fen)
        return self._granted(load_auth(load, request), decision)

    def _is_the_cards(self, auth: LoadAuth) -> bool:
        try:
            return self._keys.load_check(auth)
        except KeyRefused:
            return False  # no such key, version or algorithm: the ledger knows whether the card is

    def _granted(self, auth: LoadAuth, decision: LoadDecision) -> LoadAnswer | None:
        """From here on the account has paid: the answer is MAC2 or silence, never a no."""
        try:
            mac2 = self._keys.load_mac2(auth, decision.time_s)
        except KeyFault:
            return None
        self.counts.granted += not decision.again
        self.counts.again += decision.again
        return LoadAnswer(LoadResult.GRANTED, decision.time_s, mac2, decision.amount_fen)


def load_auth(load: LoadRequest, request: OnlineRequest) -> LoadAuth:
    """What MAC1 covers: the card's INIT answer, and the PSAM id of the machine as terminal id."""
    return LoadAuth(
        card=load.card,
        key_version=load.key_version,
        algorithm=load.algorithm,
        rnd=load.rnd,
        counter=load.counter,
        balance_fen=load.balance_fen,
        amount_fen=load.amount_fen,
        type=load.type,
        terminal_id=request.psam,
        mac1=load.mac1,
    )
