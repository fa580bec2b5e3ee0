"""A till that we did not write, as far as one can: plain commands from the standard's tables, pyscard, its own DES.

Knows nothing of our packages; every byte it sends and expects stands in pboc research, sections 1 and 2.
"""

from tests.edge.card import standard_des as des

OK = 0x9000
TERMINAL = bytes.fromhex("510000000023")
TTN = bytes.fromhex("000012A7")


def h(text):
    return bytes.fromhex(text)


class StandardTill:
    """One card in a reader, by the reader's name."""

    def __init__(self, reader):
        from smartcard.System import readers

        found = next(one for one in readers() if str(one) == reader)
        self._card = found.createConnection()
        self._card.connect()
        self._is_t0 = self._card.getProtocol() == 1

    def close(self):
        self._card.disconnect()
        self._card.release()

    def say(self, head, data=b"", le=None):
        """Data and status word; on T=0 by header, 61xx, 6Cxx and GET RESPONSE."""
        body = bytes((len(data),)) + data if data else b""
        tail = b"" if le is None or (self._is_t0 and data) else bytes((le,))
        answer, sw = self._send(h(head) + body + tail)
        if sw >> 8 == 0x6C:
            answer, sw = self._send(h(head) + bytes((sw & 0xFF,)))
        if sw >> 8 == 0x61:
            answer, sw = self._send(h("00C00000") + bytes((sw & 0xFF,)))
        return answer, sw

    def expect(self, head, data=b"", le=None, size=None):
        """The data of a command that must succeed, with the length that the standard gives."""
        answer, sw = self.say(head, data, le)
        assert sw == OK, f"{head}: {sw:04X}"
        assert size is None or len(answer) == size, f"{head}: {len(answer)} bytes"
        return answer

    def _send(self, apdu):
        answer, sw1, sw2 = self._card.transmit(list(apdu))
        return bytes(answer), sw1 << 8 | sw2

    # --- what a till does --------------------------------------------------------------------------------------

    def select_purse(self):
        """The FCI: 6F [84 name] [A5 [9F08 version] [9F0C file 0015]]."""
        name = h("A00000000386980701")
        fci = self.expect("00A40400", name, 0)
        assert fci[:4] == bytes((0x6F, len(fci) - 2, 0x84, len(name)))
        assert fci[4:13] == name
        return fci

    def balance(self):
        return int.from_bytes(self.expect("805C0002", le=4, size=4), "big")

    def buy(self, amount, dpk, dtk, when, capp=None):
        """8050 01 and 8054 (or 8050 03, 80DC, 8054), the till being its own PSAM; MAC2 and TAC are checked."""
        kind = h("09" if capp else "06")
        opened = self.expect("80500302" if capp else "80500102", b"\x01" + des.fen(amount) + TERMINAL, 0x0F, 15)
        offline, rnd = opened[4:6], opened[11:15]
        if capp:
            tag, record = capp
            assert self.expect(f"80DC{tag:02X}B8", record) == b""
        session = des.purchase_session(dpk, rnd, offline, TTN)
        mac1 = des.mac(session, des.fen(amount), kind, TERMINAL, when)
        answer = self.expect("80540100", TTN + when + mac1, 8, 8)
        assert answer[4:] == des.mac(session, des.fen(amount))
        assert answer[:4] == des.tac(dtk, des.fen(amount), kind, TERMINAL, TTN, when)
        return opened, answer

    def load(self, amount, dlk, dtk, when):
        """8050 00 and 8052, the till being its own host."""
        opened = self.expect("80500002", b"\x01" + des.fen(amount) + TERMINAL, 0x10, 16)
        balance, online, rnd = opened[:4], opened[4:6], opened[8:12]
        session = des.load_session(dlk, rnd, online)
        assert opened[12:] == des.mac(session, balance, des.fen(amount), b"\x02", TERMINAL)
        mac2 = des.mac(session, des.fen(amount), b"\x02", TERMINAL, when)
        tac = self.expect("80520000", when + mac2, 4, 4)
        after = des.fen(int.from_bytes(balance, "big") + amount)
        assert tac == des.tac(dtk, after, online, des.fen(amount), b"\x02", TERMINAL, when)
        return opened, tac

    def prove(self, kind, number):
        """805A: MAC then TAC."""
        return self.say(f"805A00{kind:02X}", number.to_bytes(2, "big"), 8)
