"""A card and a PSAM that we did not write: small, from the standard's clauses, with the choices it leaves free.

Nothing of our packages is used; keys and MACs come from `standard_des`. Pboc research, sections 1 to 3.
"""

import os
from dataclasses import dataclass

from tests.edge.card import standard_des as des

NAME = bytes.fromhex("A00000000386980701")
ATR = bytes.fromhex("3B8180018080")
PURSE = 0x02
OK, ORDER, LENGTH, FILE, RECORD = map(bytes.fromhex, ("9000", "6901", "6700", "6A82", "6A83"))
PROOF, INS, BALANCE, KEY = map(bytes.fromhex, ("9406", "6D00", "9401", "9403"))


def tlv(tag, *values):
    """BER-TLV; lengths above 127 in the long form."""
    value = b"".join(values)
    size = bytes((len(value),)) if len(value) < 0x80 else bytes((0x81, len(value)))
    return bytes.fromhex(tag) + size + value


def fci_with_file(public):
    """As the manuals print it."""
    return tlv("6F", tlv("84", NAME), tlv("A5", tlv("9F08", b"\1"), tlv("9F0C", public)))


@dataclass(frozen=True)
class Choices:
    """What the standard, or a manual, leaves to the card. fci: from file 0015; tails: bytes behind the fields."""

    fci: object = fci_with_file
    public_tail: bytes = b""
    log_tail: bytes = b""
    log_after: bool = True
    log_blank: int = 0
    prove_after: bool = True
    tac_first: bool = False
    chains: bool = False
    strict_le: bool = False
    begins_with_nothing: bool = True
    mac_wrong: str = "9302"
    more_records: tuple = ()


class StandardCard:
    """One EP with file 0015, 0017 and 0018. keys: DPK, DLK, DTK of 16 bytes. `dies`: loses its power after that INS."""

    def __init__(self, public, keys, balance, choices=None, record=b"", dies=None):
        self.public = public
        self.keys = keys
        self.money = balance
        self.online = self.offline = 0
        self.choices = choices or Choices()
        self.records = {one[0]: one for one in (*self.choices.more_records, *([record] if record else []))}
        self.log = [bytes(23) + self.choices.log_tail] * self.choices.log_blank
        self.proofs = {}
        self.dies = dies
        self.power_on()

    def power_on(self):
        self._selected = False
        self._begun = None
        self._rest = b""
        return ATR

    def power_off(self):
        self._selected = False

    def transmit(self, apdu, /):
        ins, data, le = apdu[1], b"", None
        if len(apdu) == 5:
            le = apdu[4]
        elif len(apdu) > 5:
            data, rest = apdu[5 : 5 + apdu[4]], apdu[5 + apdu[4] :]
            le = rest[0] if rest else None
        if ins == 0xC0:
            return self._give(le)
        answer = self._do(apdu[0], ins, apdu[2], apdu[3], data)
        if self.dies == ins:
            raise _lost()
        return self._shaped(answer, data, le)

    def _shaped(self, answer, data, le):
        """The answer as a whole, the part of it that was asked for, or after a 6Cxx or 61xx."""
        size = len(answer) - 2
        if not data and le and le < size:
            return answer[:le] + OK
        if self.choices.strict_le and not data and size and le != size:
            return bytes((0x6C, size))
        if self.choices.chains and size and data:
            self._rest = answer
            return bytes((0x61, size))
        return answer

    def _give(self, le):
        rest, self._rest = self._rest, b""
        return rest if le == len(rest) - 2 else LENGTH

    def _do(self, cla, ins, p1, p2, data):
        begun, self._begun = self._begun, None
        match cla << 8 | ins:
            case 0x00A4:
                return self._select(p1, data)
            case 0x00B0 if p1 == 0x95 and self._selected:
                return self.public + self.choices.public_tail + OK
            case 0x00B2:
                return self._read_record(p1, p2)
            case 0x805C if p2 == PURSE:
                return des.fen(self.money) + OK
            case 0x8050 if self._selected:
                return self._begin(p1, data)
            case 0x805A:
                return self.proofs.get((p2, data), PROOF)
            case 0x80DC | 0x8054 | 0x8052:
                return self._go_on(begun, ins, data)
        return INS

    def _go_on(self, begun, ins, data):
        """The second half of what 8050 began: of a load 8052, of a purchase 80DC and 8054."""
        if begun is None or (begun[0] == 2) is not (ins == 0x52):
            return ORDER
        if ins == 0x52:
            return self._credit(begun, data)
        if ins == 0x54:
            return self._debit(begun, data)
        self._begun = (*begun[:5], data)
        return OK

    def _select(self, p1, data):
        if p1 == 4 and data != NAME:
            return FILE
        self._selected = True
        return self.choices.fci(self.public) + OK

    def _read_record(self, p1, p2):
        if p2 == 0xC4:
            return self.log[p1 - 1] + OK if 0 < p1 <= len(self.log) else RECORD
        if p2 == 0xB8:
            return self.records[p1] + OK if p1 in self.records else RECORD
        return FILE

    def _begin(self, p1, data):
        key, amount, term = data[0], int.from_bytes(data[1:5], "big"), data[5:11]
        if key != 1:
            return KEY
        if not amount and not self.choices.begins_with_nothing:
            return bytes.fromhex("6A80")
        rnd = os.urandom(4)
        if p1 == 0:
            self._begun = (2, amount, term, rnd, self.online)
            session = des.load_session(self.keys[1], rnd, self.online.to_bytes(2, "big"))
            mac1 = des.mac(session, des.fen(self.money), des.fen(amount), b"\2", term)
            return des.fen(self.money) + self.online.to_bytes(2, "big") + b"\1\0" + rnd + mac1 + OK
        if amount > self.money:
            return BALANCE
        self._begun = ({1: 6, 3: 9}[p1], amount, term, rnd, self.offline, None)
        return des.fen(self.money) + self.offline.to_bytes(2, "big") + bytes(3) + b"\1\0" + rnd + OK

    def _debit(self, begun, data):
        kind, amount, term, rnd, before, record = begun
        ttn, when, mac1 = data[:4], data[4:11], data[11:]
        session = des.purchase_session(self.keys[0], rnd, before.to_bytes(2, "big"), ttn)
        if mac1 != des.mac(session, des.fen(amount), bytes((kind,)), term, when):
            return bytes.fromhex(self.choices.mac_wrong)
        mac2 = des.mac(session, des.fen(amount))
        tac = des.tac(self.keys[2], des.fen(amount), bytes((kind,)), term, ttn, when)
        self.money -= amount
        self.offline += 1
        if record:
            self.records[record[0]] = record
        self._note(kind, before, amount, term, when, mac2, tac)
        return tac + mac2 + OK

    def _credit(self, begun, data):
        kind, amount, term, rnd, before = begun
        when, mac2 = data[:7], data[7:]
        counter = before.to_bytes(2, "big")
        session = des.load_session(self.keys[1], rnd, counter)
        if mac2 != des.mac(session, des.fen(amount), b"\2", term, when):
            return bytes.fromhex(self.choices.mac_wrong)
        self.money += amount
        self.online += 1
        tac = des.tac(self.keys[2], des.fen(self.money), counter, des.fen(amount), b"\2", term, when)
        self._note(kind, before, amount, term, when, mac2, tac)
        return tac + OK

    def _note(self, kind, before, amount, term, when, mac, tac):
        """Log and proof of what has just been done."""
        number = (before + self.choices.log_after).to_bytes(2, "big")
        record = number + bytes(3) + des.fen(amount) + bytes((kind,)) + term + when + self.choices.log_tail
        self.log = [record, *self.log][:10]
        proof = (tac + mac if self.choices.tac_first else mac + tac) + OK
        self.proofs = {key: kept for key, kept in self.proofs.items() if key[0] != kind}
        self.proofs[kind, (before + self.choices.prove_after).to_bytes(2, "big")] = proof


class StandardPsam:
    """A PSAM whose number moves on 8072, whose 0015 is longer, and which answers SELECT with an FCI."""

    def __init__(self, term, master, chains=False):
        self.term = term
        self.master = master
        self.ttn = 0x11
        self.chains = chains
        self.power_on()

    def power_on(self):
        self._mac2 = None
        self._rest = b""
        return ATR

    def power_off(self):
        self._mac2 = None

    def transmit(self, apdu, /):
        head, data = apdu[:4].hex(), apdu[5 : 5 + apdu[4]] if len(apdu) > 5 else b""
        if apdu[1] == 0xC0:
            return self._rest + OK
        answer = self._do(head, data, apdu[4] if len(apdu) == 5 else 0)
        if self.chains and len(answer) > 2 and data:
            self._rest = answer[:-2]
            return bytes((0x61, len(self._rest)))
        return answer

    def _do(self, head, data, le):
        if head == "00b09600":
            return self.term + OK
        if head == "00b09500":
            return (bytes.fromhex("00000000000000000001 01 02 0000") + b"more")[: le or None] + OK
        if head[:6] == "00a400":
            return tlv("6F", tlv("84", b"PSAM")) + OK
        if head == "80700000":
            return self._init(data)
        if head == "80720000" and self._mac2:
            right, self._mac2 = data == self._mac2, None
            self.ttn += 1
            return OK if right else bytes.fromhex("6988")
        return ORDER if head[:4] == "8072" else INS

    def _init(self, data):
        rnd, offline, amount, kind, when, factor = (
            data[:4], data[4:6], data[6:10], data[10:11], data[11:18], data[20:],
        )  # fmt: skip
        if len(factor) != 8:
            return LENGTH
        ttn = self.ttn.to_bytes(4, "big")
        session = des.purchase_session(des.card_key(self.master, factor), rnd, offline, ttn)
        self._mac2 = des.mac(session, amount)
        return ttn + des.mac(session, amount, kind, self.term, when) + OK


def _lost():
    """The one word that every channel of ours uses for a card without an answer."""
    from shared.purse.errors import CardLost

    return CardLost("no power")
