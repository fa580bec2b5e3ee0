"""An issuer's and a bank's desk that we did not write: at a chip directly, from the standard's tables, its own DES.

Knows nothing of our packages; every byte it sends and expects stands in pboc research, sections 1 and 2.
"""

from tests.edge.card import standard_des as des

TERMINAL = bytes.fromhex("510000000023")
NOON = bytes.fromhex("20251124120000")
TTN = bytes.fromhex("000012A7")
PURSE_NAME = bytes.fromhex("A00000000386980701")


def h(text):
    return bytes.fromhex(text)


class StandardDesk:
    """One chip, powered. Words are four hexadecimal digits."""

    def __init__(self, chip):
        self.chip = chip
        chip.power_on()

    def raw(self, apdu):
        answer = self.chip.transmit(h(apdu) if isinstance(apdu, str) else apdu)
        return answer[:-2], answer[-2:].hex().upper()

    def say(self, head, data=b"", le=None):
        body = bytes((len(data),)) + data if data else b""
        return self.raw(h(head) + body + (b"" if le is None else bytes((le & 0xFF,))))

    def word(self, *command):
        return self.say(*command)[1]

    def expect(self, *command):
        """The data of a command that must succeed."""
        data, word = self.say(*command)
        assert word == "9000", f"{command[0]}: {word}"
        return data

    def select(self, name=PURSE_NAME):
        return self.word("00A40400", name, 0)

    def pin(self, digits="123456"):
        return self.word("00200000", h(digits))

    def prove_to_card(self, key, number=0):
        challenge = self.expect("00840000", b"", 8)
        return self.word(f"008200{number:02X}", des.ecb(key, challenge))

    def protected(self, head, data, key, *, hidden=False, le=None, spoil=False):
        """04 and 84: challenge, cipher, MAC over header, Lc and data."""
        start = self.expect("00840000", b"", 4)
        body = des.line_cipher(key, data) if hidden else data
        code = des.line_mac(key, start, h(head) + bytes((len(body) + 4,)) + body)
        code = bytes((code[0] ^ spoil,)) + code[1:]
        return (*self.say(head, body + code, le), start)

    # --- money ---------------------------------------------------------------------------------------------------

    def balance(self, purse=2):
        return int.from_bytes(self.expect(f"805C00{purse:02X}", b"", 4), "big")

    def begin(self, p1, purse, amount=None, key_id=1):
        fen = b"" if amount is None else des.fen(amount)
        size = {0: 0x10, 4: 0x13, 5: 0x10}.get(p1, 0x0F)
        return self.say(f"8050{p1:02X}{purse:02X}", bytes((key_id,)) + fen + TERMINAL, size)

    def begun(self, *wanted):
        opened, word = self.begin(*wanted)
        assert word == "9000", word
        return opened

    def debit_of(self, opened, dpk, kind, amount, when=NOON):
        """8054 01 for what INIT answered, and the MAC2 that must come back."""
        session = des.purchase_session(dpk, opened[11:15], opened[4:6], TTN)
        mac1 = des.mac(session, des.fen(amount), bytes((kind,)), TERMINAL, when)
        return h("805401000F") + TTN + when + mac1 + b"\x08", des.mac(session, des.fen(amount))

    def online_of(self, opened, key, kind, amount, when=NOON):
        """8052, or 8054 03 of an unload, for what INIT answered; asserts MAC1."""
        balance, online, rnd, mac1 = opened[:4], opened[4:6], opened[8:12], opened[12:]
        session = des.load_session(key, rnd, online)
        fields = des.fen(amount) + bytes((kind,)) + TERMINAL
        assert mac1 == des.mac(session, balance, fields)
        head = "805403000B" if kind == 3 else "805200000B"
        return h(head) + when + des.mac(session, fields, when) + b"\x04", session, fields + when

    def prove(self, kind, number):
        return self.say(f"805A00{kind:02X}", number.to_bytes(2, "big"), 8)
