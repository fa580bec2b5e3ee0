"""The signer: decides by the register, signs with the campus CA, and keeps the register before anybody is answered.

Refuses by a reason of the wire; a code's id that there is none of and a proof that is wrong are one reason. What was
kept and not yet done when it was killed (a box's file, a list) is done at the next start, before anything is asked.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from provisioning.certificates import authority
from provisioning.certificates.authority import BOX_DAYS, Authority
from provisioning.certificates.revocation import revocations
from provisioning.custody.chain import NOTE_MAX, Act, Event, deed
from provisioning.enrolment import files, listing, register
from provisioning.enrolment.register import Again, BoxRecord, Issued, Order, Sign, Wait
from shared.clocks.campus_clock import WALL
from shared.errors import ConfigFault, WireFault
from shared.ids import box_id
from shared.keys.sealed_to import seal_to
from shared.wire import codec
from shared.wire.enrol.code import Ticket, code_of, is_proof, pin_of, qr_text
from shared.wire.enrol.messages import Answer, Grant, State, Why, enrol_ask, refused, renew_ask
from shared.wire.enrol.office import ALLOWED, HOURS_MAX, Op, Row, Side, Standing

_SERIAL_DAY_S = 86_400
WHO = "signer"
GUESSES_MAX, GUESSES_S = 1_000, 3_600
"""Codes that there are none of: so many of the last hour are counted, beside the wrong proofs of those there are."""


@dataclass(frozen=True, slots=True)
class Place:
    """Addresses that boxes are told: of the HTTPS door, and of the broker."""

    server: str
    broker: str


@dataclass(frozen=True, slots=True)
class Rim:
    """What the signer is given from outside: Unix seconds, random bytes, and the custody log."""

    now: Callable[[], float]
    chance: Callable[[int], bytes]
    record: Callable[[list[Event]], object]


@dataclass(slots=True)
class Counts:
    """Since the start."""

    requests: int = 0
    refused: int = 0
    forbidden: int = 0
    enrolled: int = 0
    renewed: int = 0
    wrong: int = 0
    stolen: int = 0


class Office:
    """Over one campus. Not thread-safe."""

    def __init__(self, data: Path, ca: Authority, place: Place, rim: Rim) -> None:
        self.counts = Counts()
        self.data = data
        self.proved = 0
        self.hinders = ""
        self._data, self._ca, self._place, self._rim = data, ca, place, rim
        self._pin = pin_of(authority.spki_of(ca.key.public_key()))
        self._records = files.read_all(data)
        self._guesses: deque[int] = deque(maxlen=GUESSES_MAX)
        self._answers: dict[str, Callable[[Sequence[Any]], object]] = {
            Op.ENROL: self._enrol, Op.RENEW: self._renew, Op.CA: self._ca_pem, Op.ADD: self._add, Op.LIST: self._list,
            Op.COMPARED: self._compared, Op.CANCEL: self._cancel, Op.REVOKE: self._revoke, Op.STANDING: self._standing,
        }  # fmt: skip
        for record in [*self._records.values()]:
            adopted = self._adopted(record)
            if adopted != record:
                self._keep(adopted)
            self._settle(adopted)
        self.publish()

    def answer(self, request: bytes, role: Side) -> bytes:
        """CBOR of [True, result] or [False, reason]; never raises for bad bytes."""
        self.counts.requests += 1
        try:
            body = codec.loads(request)
            name = body[0] if body and isinstance(body[0], str) else ""
            if name not in ALLOWED[role]:
                self.counts.forbidden += 1
                return codec.dumps([False, "forbidden"])
            return codec.dumps([True, self._answers[name](body[1:])])
        except (WireFault, ConfigFault) as fault:
            self.counts.refused += 1
            return codec.dumps([False, _english(fault)])

    def publish(self) -> int:
        """A list that has every serial of ours that counts no more; its number."""
        more = {serial: _time(at) for record in self._records.values() for serial, at in record.revoked.items()}
        return listing.publish(self._data, self._ca, more, self._time())

    def uncut(self) -> list[str]:
        """Boxes of which a session of a revoked certificate may live still."""
        return [record.box for record in self._records.values() if record.owed]

    def out(self) -> list[str]:
        """Boxes none of whose certificates counts."""
        return [record.box for record in self._records.values() if record.issued and record.current is None]

    def note_cut(self, boxes: Sequence[str], number: int) -> None:
        """Their sessions are gone."""
        for box in boxes:
            if self._records[box].owed:
                self._keep(register.cut_off(self._records[box], number))

    # ---- the door

    def _ca_pem(self, arguments: Sequence[Any]) -> bytes:
        codec.fields(arguments, what="ca")
        return authority.certificate_pem(self._ca)

    def _enrol(self, arguments: Sequence[Any]) -> bytes:
        (raw,) = codec.fields(arguments, bytes, what="enrol")
        return self._enrolled(raw).encode()

    def _enrolled(self, raw: bytes) -> Answer:
        try:
            asked = enrol_ask(raw)
            name, public = authority.open_request(asked.request)
        except WireFault:
            return refused(Why.MALFORMED)
        record = self._by_code(asked.id)
        if record is None or record.order is None or name != asked.id:
            self.counts.wrong += 1
            self._guesses.append(self._now_s())
            return refused(Why.CODE)
        order, spki = record.order, authority.spki_of(public)
        proven = is_proof(order.key, self._pin, asked.request, asked.proof, typed=asked.typed)
        after, outcome = register.asked(record, spki, self._now_s(), proven=proven, typed=asked.typed)
        if after != record:
            self._keep(after)
        match outcome:
            case Wait():
                return Answer(State.WAITING)
            case Sign():
                return self._granted(order, public, self._signed(after, public, spki))
            case Again():
                self._settle(after)
                return self._granted(order, public, outcome.certificate, after.box)
            case _:
                self.counts.wrong += not proven
                self.counts.stolen += outcome is Why.USED
                return refused(outcome)

    def _signed(self, record: BoxRecord, public: Any, spki: bytes) -> bytes:  # noqa: ANN401  # cryptography's key
        """The certificate, kept before it is said."""
        self._log(Act.ENROLLED, record.order.who if record.order else WHO, record.box)
        issued = self._issue(record.box, public, spki)
        done = register.enrolled(self._adopted(record), issued)
        self._keep(done)
        self._settle(done)
        if done.revoked:
            self.publish()
        self.counts.enrolled += 1
        return issued.certificate

    def _granted(self, order: Order, public: Any, certificate: bytes, box: str = "") -> Answer:  # noqa: ANN401
        name = box or authority.open_given(self._ca, certificate).name
        grant = Grant(name, certificate, self._place.broker, files.given(self._data, name))
        return Answer(State.GRANTED, seal_to(public, order.key, grant.encode()))

    def _renew(self, arguments: Sequence[Any]) -> bytes:
        (raw,) = codec.fields(arguments, bytes, what="renew")
        return self._renewed(raw).encode()

    def _renewed(self, raw: bytes) -> Answer:
        try:
            asked = renew_ask(raw)
            old = authority.open_given(self._ca, asked.certificate)
            name, public = authority.open_request(asked.request)
        except WireFault:
            return refused(Why.MALFORMED)
        if name != old.name or public != old.public or not old.is_client or old.name not in files.boxes(self._data):
            return refused(Why.UNKNOWN)
        record = self._adopted(self._of(old.name))
        known = record.known(old.serial)
        if known is None:
            return refused(Why.UNKNOWN)
        if known.revoked_s or old.serial in revocations(self._data).revoked:
            return refused(Why.REVOKED)
        current = record.current
        if current is not None and current.spki == known.spki and not self._is_due(current):
            return Answer(State.GRANTED, current.certificate)
        self._log(Act.RENEWED, WHO, record.box)
        issued = self._issue(record.box, public, known.spki)
        done = register.renewed(record, issued)
        self._keep(done)
        self._settle(done)
        self.counts.renewed += 1
        return Answer(State.GRANTED, issued.certificate)

    def _is_due(self, issued: Issued) -> bool:
        """From the half of its life on; the box's own jitter comes on top."""
        return self._now_s() * 2 >= issued.at_s + issued.ends_s

    # ---- the office

    def _add(self, arguments: Sequence[Any]) -> list[object]:
        box, hours, approve, who = codec.fields(arguments, str, int, bool, str, what="add")
        if not 1 <= hours <= HOURS_MAX:
            raise ConfigFault(f"hours: 1..{HOURS_MAX}")
        record, code = self._of(self._existing(box)), self._new_code()
        now_s = self._now_s()
        order = Order(code.id, code.key, who, now_s, now_s + hours * 3600, approve)
        self._log(Act.ENROLLED, who, f"{box}: code {code.id}")
        self._keep(register.add_order(record, order))
        return [code.text, order.expires_s, qr_text(Ticket(self._place.server, code, self._pin))]

    def _list(self, arguments: Sequence[Any]) -> list[list[object]]:
        codec.fields(arguments, what="list")
        return [list(self._row(self._of(box))) for box in files.boxes(self._data)]

    def _row(self, record: BoxRecord) -> Row:
        order, current = record.order, record.current
        step, key, expires_s, wrong, stolen = ("", b"", 0, 0, 0) if order is None else (
            order.step.value, order.spki, order.expires_s, order.wrong, order.stolen
        )  # fmt: skip
        return Row(
            record.box, step, key, expires_s, wrong, stolen, current.ends_s if current else 0, len(record.issued),
            record.revoked_s, record.reason, record.owed, record.cut,
        )  # fmt: skip

    def _compared(self, arguments: Sequence[Any]) -> bool:
        box, spki, same, who = codec.fields(arguments, str, bytes, bool, str, what="compared")
        record = register.compared(self._of(self._existing(box)), spki, same=same)
        self._log(Act.ENROLLED, who, f"{box}: words {'same' if same else 'other'}")
        self._keep(record)
        return True

    def _cancel(self, arguments: Sequence[Any]) -> bool:
        box, who = codec.fields(arguments, str, str, what="cancel")
        self._log(Act.ENROLLED, who, f"{box}: code cancelled")
        self._keep(register.cancelled(self._of(self._existing(box))))
        return True

    def _revoke(self, arguments: Sequence[Any]) -> int:
        box, reason, who = codec.fields(arguments, str, str, str, what="revoke")
        record = self._adopted(self._of(self._existing(box)))
        self._log(Act.REVOKED, who, f"{box}: {reason}")
        self._keep(register.revoked(record, self._now_s(), reason))
        return self.publish()

    def _standing(self, arguments: Sequence[Any]) -> list[object]:
        codec.fields(arguments, what="standing")
        return list(self.standing())

    def standing(self) -> Standing:
        """Of the list."""
        there = listing.readable(self._data)
        number, days = (there.number, (there.ends - self._time()).days) if there else (0, 0)
        wrong, stolen = (
            sum(getattr(record.order, name) for record in self._records.values() if record.order)
            for name in ("wrong", "stolen")
        )
        guesses = sum(at > self._now_s() - GUESSES_S for at in self._guesses)
        return Standing(number, self.proved, days, self.hinders, wrong + guesses, stolen)

    # ---- the register

    def _of(self, box: str) -> BoxRecord:
        return self._records.get(box, BoxRecord(box))

    def _existing(self, box: str) -> str:
        if box_id(box) not in files.boxes(self._data):
            raise ConfigFault(f"no such box: {box}")
        return box

    def _by_code(self, code: str) -> BoxRecord | None:
        return next((one for one in self._records.values() if one.order is not None and one.order.id == code), None)

    def _new_code(self) -> Any:  # noqa: ANN401  # of shared.wire.enrol.code
        while self._by_code((code := code_of(self._rim.chance(16))).id) is not None:
            continue
        return code

    def _adopted(self, record: BoxRecord) -> BoxRecord:
        """With the certificate that its folder has: of the campus's making, or of `provision certificate renew`."""
        pem = files.certificate(self._data, record.box)
        if pem is None:
            return record
        found = authority.open_given(self._ca, pem)
        if record.known(found.serial) is not None:
            return record
        spki, ends_s = authority.spki_of(found.public), int(found.ends.timestamp())
        return register.adopted(record, Issued(found.serial, spki, _begun(ends_s, self._now_s()), ends_s, pem))

    def _issue(self, box: str, public: Any, spki: bytes) -> Issued:  # noqa: ANN401  # cryptography's key
        pem = authority.issue_client(self._ca, public, box, self._time(), BOX_DAYS)
        found = authority.open_given(self._ca, pem)
        return Issued(found.serial, spki, self._now_s(), int(found.ends.timestamp()), pem)

    def _keep(self, record: BoxRecord) -> None:
        files.write(self._data, record)
        self._records[record.box] = record

    def _settle(self, record: BoxRecord) -> None:
        """The campus's folder of a box has the certificate that counts."""
        current, order = record.current, record.order
        if current is not None:
            own = order is not None and order.step is register.Step.ISSUED
            files.put_certificate(self._data, record.box, current.certificate, own_key=own)

    def _log(self, act: Act, who: str, note: str) -> None:
        self._rim.record([deed(WALL.at(self._rim.now()), act, who, note[:NOTE_MAX])])

    def _now_s(self) -> int:
        return int(self._rim.now())

    def _time(self) -> datetime:
        return _time(self._now_s())


def _begun(ends_s: int, now_s: int) -> int:
    """When a certificate of another's making began, as far as it can matter: its half is due from this on."""
    return min(now_s, ends_s - BOX_DAYS * _SERIAL_DAY_S)


def _time(unix_s: int) -> datetime:
    return datetime.fromtimestamp(unix_s, UTC)


def _english(fault: Exception) -> str:
    said = fault.args[0] if fault.args else ""
    return str(getattr(said, "en", said))
