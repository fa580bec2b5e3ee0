"""A small terminal of somebody else: struct and AES-CMAC alone, after docs/protocol. Each defect breaks one clause.

It sells when told (`tap`), in memory. Time comes with every input.
"""

import struct

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

HELLO, CHALLENGE, AUTH, WELCOME, REFUSE = 1, 2, 3, 4, 5
RECORD, ACK, SETTLED, STATUS, HEARTBEAT, TIME = 0x10, 0x11, 0x12, 0x13, 0x14, 0x15
DEVICE, KEY, PSAM = bytes.fromhex("000100000009"), bytes(range(16)), bytes.fromhex("510000000099")
DEFECTS = {
    "hello-anew": {"join.repeat"},
    "deaf-to-refuse": {"refuse.waits"},
    "believes-welcome": {"join.wrong_proof", "join.replayed"},
    "same-random": {"join.replayed"},
    "sells-without-epoch": {"epoch.none"},
    "says-no-status": {"status.first", "epoch.none"},
    "sends-once": {"record.again", "mac.ack"},
    "believes-ack": {"mac.ack"},
    "sends-on": {"record.acked", "settled.status"},
    "believes-settled": {"settled.above"},
    "sends-what-is-held": {"welcome.held"},
    "trusts-other-store": {"welcome.store"},
    "hides-settled": {"settled.status"},
    "keeps-its-time": {"time.applied"},
    "takes-replays": {"time.applied"},
    "any-counter": {"counter.window"},
    "any-mac": {"mac.sixteen"},
    "leaves-at-unknown": {"messages.unknown"},
    "leaves-at-hint": {"refuse.hint"},
    "waits-for-ever": {"edge.silent"},
    "wrong-mac": {"envelope.proof"},
    "other-bytes": {"record.same_bytes"},
    "leaves-a-hole": {"record.order"},
    "no-window": {"flow.window"},
    "strange-record": {"record.bytes"},
    "status-beyond": {"status.bounds"},
    "strange-type": {"messages.known"},
    "forgets-at-power-off": {"power.kept"},
    "formats-at-power-on": {"power.kept"},
}
"""By name: the checks that must fail, and no others."""


def cmac(key, covered):
    mac = CMAC(AES(key))
    mac.update(covered)
    return mac.finalize()


class Terminal:
    def __init__(self, defect=""):
        self.defect = defect
        self.out = []
        self.records = {}
        self.epoch = self.last = self.settled = self.acked = 0
        self.store = b""
        self.made = 0
        self.clock_off = -10 * 86_400
        self.now_s = self.rtc_s = 0
        self.unnumbered = 0
        self.state = "hello"
        self.r_term = b""
        self.wire(0.0, 0)

    def wire(self, now_s, rtc_s):
        self.now_s, self.rtc_s = now_s, rtc_s
        self.wait_s = 2.0
        self.rejoin()

    def rejoin(self):
        self.state, self.hello_s = "hello", self.now_s
        self.key, self.r_term = b"", b""

    # --- out

    def seal(self, kind, payload):
        self.sent += 1
        body = bytes((kind, 0x10)) + struct.pack(">H", self.sent & 0xFFFF) + payload
        mac = cmac(self.key, b"\x01" + DEVICE + struct.pack(">I", self.sent) + body)[:8]
        if self.defect == "wrong-mac" and kind == STATUS:
            self.out.append(body + bytes(8))
        self.out.append(body + mac)

    def tick(self, now_s, rtc_s):
        self.now_s, self.rtc_s = now_s, rtc_s
        if self.state != "joined":
            if now_s >= self.hello_s:
                self.hello()
            return
        if now_s >= self.hello_s:  # without an epoch
            self.rejoin()
            self.hello()
            return
        limit = 12.0 if self.acked < self.sent_upto else 60.0
        if now_s - max(self.heard_s, self.flying_s) >= limit and self.defect != "waits-for-ever":
            self.rejoin()
            self.hello()
            return
        self.send_records()
        if now_s >= self.status_s:
            self.status()

    def hello(self):
        if self.state == "auth" or not self.r_term or self.defect == "hello-anew":
            self.state = "hello"
            self.made += self.defect != "same-random"
            self.r_term = struct.pack(">Q", self.made + 7)
        rest = struct.pack(">HII", 9, 1, self.boot) + self.r_term
        self.out.append(bytes((HELLO, 0x10)) + DEVICE + self.storage + PSAM + rest)
        self.hello_s = self.now_s + self.wait_s
        self.wait_s = min(2 * self.wait_s, 16.0)

    def send_records(self):
        if self.sent_upto > self.acked and self.now_s >= self.again_s and self.defect != "sends-once":
            self.sent_upto = self.acked
            self.wait_again_s = min(2 * self.wait_again_s, 16.0)
            self.again_s = self.now_s + self.wait_again_s
            if self.defect == "other-bytes":
                wire = self.records[self.acked + 1]
                self.records[self.acked + 1] = wire[:22] + bytes((wire[22] ^ 1,)) + wire[23:]
        most = 100 if self.defect == "no-window" else self.window
        while self.sent_upto < min(self.last, self.acked + most):
            if self.sent_upto == self.acked and self.again_s <= self.now_s:  # nothing was in flight
                self.flying_s, self.again_s = self.now_s, self.now_s + self.wait_again_s
            self.sent_upto += 1
            is_first = self.acked == self.sent_upto - 1
            if self.defect == "leaves-a-hole" and is_first and 2 < self.sent_upto < self.last:
                self.seal(RECORD, self.records[self.sent_upto + 1])
            self.seal(RECORD, self.records[self.sent_upto])

    def status(self):
        self.status_s = self.now_s + 10.0
        last = self.last
        settled = 0 if self.defect == "hides-settled" else self.settled
        oldest = last + 2 if self.defect == "status-beyond" else settled + 1
        rows = struct.pack(">H6sIIIB", self.epoch, PSAM, oldest, last, settled, 0) if self.epoch else b""
        head = struct.pack(">IIIIHIH?", 0, 0, 0, 1, 9828, 1, 30_000, True)
        self.seal(STATUS, head + bytes((bool(rows),)) + rows)
        if self.defect == "strange-type":
            self.out.append(bytes((0x3E, 0x10)) + bytes(12))

    # --- a sale

    joins, window, boot, storage = 0, 8, 1, b"storage9"

    def power_cycle(self, now_s, rtc_s):
        self.boot += 1
        self.key, self.clock_off = b"", -10 * 86_400
        if self.defect == "forgets-at-power-off":
            self.last = self.acked
        if self.defect == "formats-at-power-on":
            self.storage = b"storage" + bytes((self.boot,))
        self.wire(now_s, rtc_s)
    sent_upto = 0
    again_s = flying_s = heard_s = 0.0
    wait_again_s = 2.0

    def tap(self):
        if not self.epoch:
            self.unnumbered += self.defect == "sells-without-epoch"
            return
        self.write()

    def write(self):
        self.last += 1
        kind = 3 if self.defect == "strange-record" else 1
        card = b"\x53\x03" + struct.pack(">Q", 4711)
        self.records[self.last] = struct.pack(
            ">BBHII10sHBBIIIBB4s3sHHHhH",
            1, kind, 0x40, self.last, self.last, card, self.last, 9, 0x21, 1250, 50_000, self.rtc_s + self.clock_off,
            1, 0, b"\1\2\3\4", b"\0\0\0", 0, 0, 1, 0, 0,
        )  # fmt: skip

    # --- in

    def message(self, raw, now_s, rtc_s):
        self.now_s, self.rtc_s = now_s, rtc_s
        kind = raw[0]
        if kind == CHALLENGE and self.state == "hello" and len(raw) == 23:
            self.challenged(raw)
        elif kind == REFUSE and len(raw) == 3:
            self.refused()
        elif not self.key:
            pass
        elif kind in (ACK, SETTLED):
            if self.state == "joined":
                self.short(kind, raw)
        elif kind in (WELCOME, TIME, REFUSE) and len(raw) >= 12 and raw[1] >> 4 == 1:
            self.sealed(kind, raw)
        elif self.defect == "leaves-at-unknown":
            self.rejoin()
        self.tick(now_s, rtc_s)

    def challenged(self, raw):
        self.key = cmac(KEY, b"openykt session v1\0" + raw[2:18] + self.r_term + DEVICE)
        self.sent = self.heard = self.bad = 0
        self.taken = set()
        self.state = "auth"
        row = struct.pack(">H6sII", self.epoch, PSAM, self.settled + 1, self.last) if self.epoch else b""
        self.seal(AUTH, bytes((bool(row),)) + row)

    def refused(self):
        if self.state == "joined":
            if self.now_s - self.heard_s >= 2.0 or self.defect == "leaves-at-hint":
                self.rejoin()
        elif self.defect != "deaf-to-refuse":
            self.hello_s = max(self.hello_s, self.now_s + self.wait_s)

    def sealed(self, kind, raw):
        body, mac = raw[:-8], raw[-8:]
        low = struct.unpack(">H", raw[2:4])[0]
        step = ((low - self.heard + 0x8000) & 0xFFFF) - 0x8000
        counter = self.heard + step
        right = cmac(self.key, b"\x02" + DEVICE + struct.pack(">I", max(counter, 0)) + body)[:8] == mac
        replayed = counter in self.taken and self.defect != "takes-replays"
        near = -64 < step <= (64 if self.defect != "any-counter" else 1000) and counter > 0
        if self.defect == "believes-welcome" and kind == WELCOME:
            right = True
        if not right or replayed or not near:
            self.bad += self.defect != "any-mac"
            if self.bad >= 16:
                self.rejoin()
            return
        self.taken.add(counter)
        self.heard = max(self.heard, counter)
        self.heard_s = self.now_s
        payload = body[4:]
        if kind == TIME and self.defect != "keeps-its-time":
            self.clock_off = struct.unpack(">I", payload)[0] - self.rtc_s
        elif kind == REFUSE and payload == b"\x09" and self.state == "joined":
            self.rejoin()
        elif kind == WELCOME and self.state == "auth":
            self.welcomed(payload)

    def welcomed(self, payload):
        store, current, time_s, _hot, _par, count = struct.unpack_from(">8sHIIIB", payload)
        self.state, self.wait_s = "joined", 2.0
        self.joins += 1
        self.hello_s = float("inf") if current else self.now_s + 0.25
        self.status_s = self.now_s + 10.0 * (self.defect == "says-no-status")
        if self.defect != "keeps-its-time":
            self.clock_off = time_s - self.rtc_s
        self.flying_s = self.heard_s
        self.wait_again_s, self.again_s = 2.0, 0.0
        if not current:
            return
        self.epoch = current
        rows = [struct.unpack_from(">HII", payload, 23 + 10 * n) for n in range(count)]
        held = next((held for epoch, held, _ in rows if epoch == current), 0)
        same = store == self.store or self.defect == "trusts-other-store"
        self.acked = min(held, self.last) if same and self.defect != "sends-what-is-held" else self.settled
        self.store = store
        self.sent_upto = self.acked
        for _ in range(self.unnumbered):
            self.write()
        self.unnumbered = 0

    def short(self, kind, raw):
        low, mac = struct.unpack(">H", raw[1:3])[0], raw[3:]
        base = self.acked if kind == ACK else self.settled
        seq = base + ((low - base) & 0xFFFF)
        covered = b"short\0\x02" + bytes((kind,)) + DEVICE + struct.pack(">HI", self.epoch, seq)
        right = cmac(self.key, covered)[:4] == mac
        if not right and not (self.defect == "believes-ack" and kind == ACK):
            return
        self.heard_s = self.now_s
        if kind == ACK and seq <= self.last and self.defect != "sends-on":
            self.acked = max(self.acked, seq)
            self.sent_upto = max(self.sent_upto, self.acked)
            self.wait_again_s, self.again_s, self.flying_s = 2.0, self.now_s + 2.0, self.now_s
        elif kind == SETTLED and seq <= self.last and (seq <= self.acked or self.defect == "believes-settled"):
            self.settled = max(self.settled, seq)
