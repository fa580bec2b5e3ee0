"""An issuer's desk for the tests of the card: raw commands, and line protection by arithmetic that is none of ours."""

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from shared.purse.apdu import ResponseApdu
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import RamMemory

AID = bytes.fromhex("A00000000386980701")
TERM = bytes.fromhex("112233445566")
STAMP = bytes.fromhex("20251124224530")


def cipher(key, mode):
    octets = key * 3 if len(key) == 8 else key + key[:8]
    return Cipher(TripleDES(octets), mode)


def encrypt(key, data):
    return cipher(key, modes.ECB()).encryptor().update(data)  # noqa: S305 - the standard's own primitive


def decrypt(key, data):
    return cipher(key, modes.ECB()).decryptor().update(data)  # noqa: S305 - the standard's own primitive


def padded(data):
    return data + b"\x80" + bytes(-(len(data) + 1) % 8)


def mac(key, data, start=bytes(8)):
    """4 bytes of CBC-MAC; under a 16-byte key the last block goes through the right half and back."""
    last = cipher(key[:8], modes.CBC(start)).encryptor().update(padded(data))[-8:]
    if len(key) == 16:
        last = encrypt(key[:8], decrypt(key[8:], last))
    return last[:4]


def fold(key):
    return bytes(a ^ b for a, b in zip(key[:8], key[8:], strict=True))


def hide(key, field):
    block = bytes((len(field),)) + field
    return encrypt(key, block if len(block) % 8 == 0 else padded(block))


class Dice:
    """Numbers as scripted, then a running count: no two alike."""

    def __init__(self, *scripted):
        self.scripted = [bytes.fromhex(one) for one in scripted]
        self.count = 0

    def __call__(self, size):
        if self.scripted:
            number = self.scripted.pop(0)
            assert len(number) == size
            return number
        self.count += 1
        return self.count.to_bytes(size, "big")


class Desk:
    """A powered card and the one who commands it."""

    def __init__(self, image, dice=None, memory=None):
        self.memory = memory or RamMemory(image)
        self.card = UserCard(self.memory, dice or Dice())
        self.card.power_on()

    def ask(self, raw):
        raw = bytes.fromhex(raw) if isinstance(raw, str) else raw
        return ResponseApdu.decode(self.card.transmit(raw))

    def sw(self, raw):
        return f"{self.ask(raw).sw:04X}"

    def data(self, raw):
        answer = self.ask(raw)
        assert answer.sw == 0x9000, f"{answer.sw:04X}"
        return answer.data

    def run(self, *commands):
        """Every command must succeed."""
        for command in commands:
            assert self.sw(command) == "9000", command

    def select(self, name=AID):
        return self.sw(b"\x00\xa4\x04\x00" + bytes((len(name),)) + name)

    def challenge(self, size=8):
        return self.data(bytes((0, 0x84, 0, 0, size)))

    def prove(self, key, key_id=0, size=8):
        """External authentication."""
        number = self.challenge(size).ljust(8, b"\0")
        return self.sw(bytes((0, 0x82, 0, key_id, 8)) + encrypt(key, number))

    def protected(self, header, field, key, *, hidden=False, spoil=False, size=8, le=b""):
        """A command under line protection; `spoil` turns one bit of its MAC."""
        head = bytes.fromhex(header)
        data = hide(key, field) if hidden else field
        start = self.challenge(size).ljust(8, b"\0")
        head += bytes((len(data) + 4,)) + data
        code = mac(key, head, start)
        return head + bytes((code[0] ^ spoil,)) + code[1:] + le

    def maintain(self, *wanted, **options):
        return self.sw(self.protected(*wanted, **options))

    def pin(self, pin="123456", key_id=0):
        octets = bytes.fromhex(pin)
        return self.sw(bytes((0, 0x20, 0, key_id, len(octets))) + octets)

    def balance(self, purse=2):
        return int.from_bytes(self.data(bytes((0x80, 0x5C, 0, purse, 4))), "big")

    # --- money, by the formulas of the standard --------------------------------------------------------------------

    def init(self, p1, purse, amount, key_id=1, term=TERM):
        body = bytes((key_id,)) + (b"" if amount is None else amount.to_bytes(4, "big")) + term
        return self.ask(bytes((0x80, 0x50, p1, purse, len(body))) + body)

    def load(self, key, dtk, amount, purse=2, key_id=1, stamp=STAMP, term=TERM):
        """A whole load; asserts MAC1 and TAC, gives MAC2 and the TAC."""
        opened = self.init(0, purse, amount, key_id, term)
        assert opened.sw == 0x9000, f"{opened.sw:04X}"
        old, count, rnd, mac1 = opened.data[:4], opened.data[4:6], opened.data[8:12], opened.data[12:]
        session = encrypt(key, rnd + count + b"\x80\0")
        fields = amount.to_bytes(4, "big") + bytes((purse,)) + term
        assert mac1 == mac(session, old + fields)
        mac2 = mac(session, fields + stamp)
        tac = self.data(bytes.fromhex("805200000B") + stamp + mac2 + b"\x04")
        new = (int.from_bytes(old, "big") + amount).to_bytes(4, "big")
        assert tac == mac(fold(dtk), new + count + fields + stamp)
        return mac2, tac

    def spend(self, key, dtk, amount, *, p1=1, purse=2, kind=6, key_id=1, ttn=7, term=TERM, records=(), extra=b""):
        """A whole purchase, cash withdrawal or CAPP; asserts MAC2 and TAC, gives both."""
        opened = self.init(p1, purse, amount, key_id, term)
        assert opened.sw == 0x9000, f"{opened.sw:04X}"
        for record in records:
            assert self.sw(bytes((0x80, 0xDC, record[0], 0xB8, len(record))) + record) == "9000"
        session = encrypt(key, opened.data[11:15] + opened.data[4:6] + ttn.to_bytes(4, "big")[2:])
        fields = amount.to_bytes(4, "big") + bytes((kind,)) + term
        mac1 = mac(session, fields + STAMP + extra)
        answer = self.data(bytes.fromhex("805401000F") + ttn.to_bytes(4, "big") + STAMP + mac1 + b"\x08")
        assert answer[:4] == mac(fold(dtk), fields + ttn.to_bytes(4, "big") + STAMP)
        assert answer[4:] == mac(session, amount.to_bytes(4, "big"))
        return answer[4:], answer[:4]

    def unload(self, key, amount, purse=1, key_id=1):
        """A whole unload; asserts MAC1 and MAC3, gives MAC2 and MAC3."""
        opened = self.init(5, purse, amount, key_id)
        assert opened.sw == 0x9000, f"{opened.sw:04X}"
        old, count, rnd, mac1 = opened.data[:4], opened.data[4:6], opened.data[8:12], opened.data[12:]
        session = encrypt(key, rnd + count + b"\x80\0")
        fields = amount.to_bytes(4, "big") + b"\x03" + TERM
        assert mac1 == mac(session, old + fields)
        mac2 = mac(session, fields + STAMP)
        mac3 = self.data(bytes.fromhex("805403000B") + STAMP + mac2 + b"\x04")
        new = (int.from_bytes(old, "big") - amount).to_bytes(4, "big")
        assert mac3 == mac(session, new + count + fields + STAMP)
        return mac2, mac3

    def limit(self, key, dtk, fen, key_id=1):
        """A whole change of the overdraft limit; asserts MAC1 and TAC, gives the answer to 8058."""
        opened = self.init(4, 1, None, key_id)
        assert opened.sw == 0x9000, f"{opened.sw:04X}"
        old, count, was, rnd, mac1 = (opened.data[a:b] for a, b in ((0, 4), (4, 6), (6, 9), (11, 15), (15, 19)))
        session = encrypt(key, rnd + count + b"\x80\0")
        assert mac1 == mac(session, old + was + b"\x07" + TERM)
        fields = fen.to_bytes(3, "big") + b"\x07" + TERM + STAMP
        answer = self.ask(bytes.fromhex("805800000E") + fields[:3] + STAMP + mac(session, fields) + b"\x04")
        if answer.sw == 0x9000:
            new = int.from_bytes(old, "big") - int.from_bytes(was, "big") + fen
            assert answer.data == mac(fold(dtk), new.to_bytes(4, "big") + count + fields)
        return answer
