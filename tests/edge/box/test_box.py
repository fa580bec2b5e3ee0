"""The laws of the edge box under loss, duplication, reordering, crashes and a ledger that comes and goes."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge.box.values.effects import Row
from edge.box.values.streams import Ref, ref_of, stream_of
from edge.link.seal import SealFault
from edge.settings import OutboxSetting
from shared.wire import topics
from tests.edge import rig
from tests.edge.rig import Body, Field, Ledger, purchase

PLACES = {1: ("tcp", 1), 2: ("tcp", 2)}
PEER = 100


class Killed(Exception):
    """The box was killed before a commit."""


class LossyField(Field):
    """A field whose downward links lose messages, and whose box is killed before a commit, as the machine says."""

    lose_down = False
    doomed = False

    def _commit(self, commands):
        if self.doomed:
            raise Killed
        return super()._commit(commands)

    def _deliver(self, effect):
        return [] if self.lose_down else super()._deliver(effect)


class Lunch(RuleBasedStateMachine):
    """Two bodies sell; everything between them and the ledger misbehaves."""

    def __init__(self):
        super().__init__()
        self.ledger = Ledger()
        self.field = LossyField(rig.settings(outbox=OutboxSetting(1000, 1000, 0)), self.ledger)
        self.field.connect()
        self.bodies = {n: self.field.joined(n, PLACES[n]) for n in PLACES}
        self.sold: set[bytes] = set()
        self.peers = PEER

    def teardown(self):
        self.heal()
        self.field.db.close()

    # ---- what happens

    @rule(n=st.sampled_from([1, 2]), arrives=st.booleans())
    def sell(self, n, arrives):
        body = self.bodies[n]
        if body.current and body.seal is not None and body.welcome is not None:
            message = body.sell(100 + len(self.sold))
            self.sold.add(self.stored(body, body.current, body.last[body.current]))
            if arrives:
                self.field.hear(self.place(body), message)

    @rule(n=st.sampled_from([1, 2]), keep=st.lists(st.booleans(), min_size=8, max_size=8), turned=st.booleans())
    def resend(self, n, keep, turned):
        body = self.bodies[n]
        if body.welcome is None:
            return
        messages = [message for message, kept in zip(body.resend(), keep * 50, strict=False) if kept]
        for message in reversed(messages) if turned else messages:
            self.field.hear(self.place(body), message)

    @rule(n=st.sampled_from([1, 2]))
    def rejoin(self, n):
        body = self.bodies[n]
        self.field.run(self.field.box.on_peer(self.field.now(), *self.place(body), False))
        self.peers += 1
        self.field.places = {place: one for place, one in self.field.places.items() if one is not body}
        self.field.join(body, ("tcp", self.peers))

    @rule(n=st.sampled_from([1, 2]))
    def status(self, n):
        body = self.bodies[n]
        if body.welcome is not None:
            self.field.hear(self.place(body), body.status())

    @rule(lose=st.booleans())
    def downward(self, lose):
        self.field.lose_down = lose

    @rule()
    def crash(self):
        self.field.crash()

    @rule(n=st.sampled_from([1, 2]), what=st.sampled_from(["sell", "acks", "status"]))
    def killed_before_a_commit(self, n, what):
        self.field.doomed = True
        try:
            {"sell": lambda: self.sell(n, True), "acks": lambda: self.acks_arrive(False, False),
             "status": lambda: self.status(n)}[what]()  # fmt: skip
        except Killed:
            self.field.crash()
        self.field.doomed = False

    @rule()
    def new_outbox(self):
        lost = self.field
        self.field = LossyField(lost.settings, self.ledger)
        self.field.s, self.field.places = lost.s, lost.places
        lost.db.close()

    @rule()
    @precondition(lambda self: not self.field.online)
    def connect(self):
        self.field.connect()

    @rule()
    @precondition(lambda self: self.field.online)
    def disconnect(self):
        self.field.held_acks.clear()
        self.field.disconnect()

    @rule(hold=st.booleans(), answering=st.booleans())
    def ledger_mood(self, hold, answering):
        self.field.hold_acks, self.field.answering = hold, answering

    @rule(turned=st.booleans(), lost=st.booleans())
    def acks_arrive(self, turned, lost):
        acks, self.field.held_acks = self.field.held_acks, []
        for ack in [] if lost else reversed(acks) if turned else acks:
            self.field.down(topics.DOWN_MONEY, ack)

    @rule(seconds=st.sampled_from([0.3, 1.0, 11.0, 70.0]))
    def wait(self, seconds):
        self.field.wait(seconds)

    # ---- what must hold

    @invariant()
    def acked_is_durable(self):
        held = {row.stored for row in self.rows()}
        for body in self.bodies.values():
            if body.store != self.field.store.store:
                continue
            for epoch, acked in body.acked.items():
                for seq in range(body.settled.get(epoch, 0) + 1, acked + 1):
                    assert self.stored(body, epoch, seq) in held

    @invariant()
    def settled_is_in_the_ledger(self):
        refs = {ref_of(stored) for stored in self.ledger.stored}
        for body in self.bodies.values():
            for epoch, settled in body.settled.items():
                stream = stream_of(body.device, epoch)
                assert all(Ref(stream, seq) in refs for seq in range(1, settled + 1))

    @invariant()
    def rows_are_contiguous(self):
        rows = [row.row for row in self.rows()]
        assert rows == [*range(1, len(rows) + 1)]
        assert self.field.store.check() == []

    def heal(self):
        """Faults end: everything drains by itself, and the ledger holds each record that was sold."""
        field = self.field
        field.lose_down, field.hold_acks, field.answering = False, False, True
        if not field.online:
            field.connect()
        field.release_acks()
        for _ in range(8):
            for n in PLACES:
                self.rejoin(n)
                self.resend(n, [True] * 8, turned=False)
            field.wait(70.0)
        assert set(self.ledger.stored) == self.sold
        assert all(not ring for body in self.bodies.values() for ring in body.rings.values())
        assert field.store.depth().unsettled == 0
        assert "record-fork" not in field.codes()

    def rows(self):
        sql = "SELECT row, at_ms, key, body FROM record ORDER BY row"
        return [Row(row, at_ms, key[:8] + body) for row, at_ms, key, body in self.field.db.execute(sql)]

    def place(self, body: Body):
        return next(place for place, one in self.field.places.items() if one is body)

    def stored(self, body: Body, epoch: int, seq: int) -> bytes:
        wire = body.written[(epoch, seq)]
        return stream_of(body.device, epoch) + body.psams[epoch] + wire


Lunch.TestCase.settings = settings(
    max_examples=120, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestLunch = Lunch.TestCase


def test_damage_that_is_found_while_it_runs_is_told():
    field = Field()
    body = field.joined()
    field.disconnect()
    field.hear(("tcp", 1), body.sell(), body.sell())
    field.db.execute("UPDATE record SET crc = crc + 1 WHERE row = 1")
    field.connect()
    field.wait(0.3)
    assert "outbox-damaged" in field.codes()


def test_seal_faults_never_leave_the_box():
    """A sealed message of another session is counted, not raised."""
    field = Field()
    body = field.joined()
    old = body.sell()
    field.join(body)
    field.hear(("tcp", 1), old)
    assert field.box.totals()["bad_macs"] == 1
    assert issubclass(SealFault, Exception)
    assert purchase(1) not in field.ledger.stored
