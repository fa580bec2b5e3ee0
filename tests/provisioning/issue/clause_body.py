"""A blank body and a PSAM that we did not write, from the clauses of issuing (pboc research, "Issuing"): small.

Nothing of our packages is used but the word for a card without an answer; keys and MACs come from `standard_des`. It
differs from ours where the clauses leave it free: another ATR, an FCI with the public file in it, no extra purse fields
looked at, a challenge that lives until it is used.
"""

import os

from tests.edge.card import standard_des as des

ATR = bytes.fromhex("3B6900004A434F503331563431")
NEAR = bytes.fromhex("3B8180018080")
"""As PC/SC makes one for a contactless card."""
OK, FILE, RECORD, LENGTH, RIGHTS, MAC, KEY, INS, EXISTS = map(
    bytes.fromhex, ("9000", "6A82", "6A83", "6700", "6982", "6988", "6A88", "6D00", "6A89")
)
MF, ADF_NAMES, EP = 0x3F00, {}, 0x0002
PURCHASE, LOAD, TAC, INTERNAL, MAINTENANCE, CONTROL = 0x3E, 0x3F, 0x34, 0x30, 0x36, 0x39
BINARY, VARIABLE, CYCLIC, PURSE, DIRECTORY, KEYS = 0xA8, 0xAC, 0x2E, 0x2F, 0x38, 0x3F


class Folder:
    """A directory: its files by short id, its keys by (type, number)."""

    def __init__(self, name=b""):
        self.name = name
        self.files, self.records, self.keys = {}, {}, {}
        self.has_purse = False
        self.money = self.online = self.offline = 0
        self.proofs = {}


class ClauseBody:
    """A blank that knows its transport key alone. `dies`: before the n-th command from now it loses its power, or that
    happens. uid: of a contactless one."""

    def __init__(self, transport, dies=None, uid=b"", happens=None):
        self.folders = {MF: Folder()}
        self.folders[MF].keys[CONTROL, 0] = transport
        self.dies = dies
        self.uid = uid
        self.happens = happens
        self.power_on()

    def power_on(self):
        self.here = MF
        self.challenge = b""
        self.proved = set()
        self.begun = None
        return NEAR if self.uid else ATR

    def power_off(self):
        self.challenge = b""

    def transmit(self, apdu, /):
        if self.dies is not None:
            self.dies -= 1
            if self.dies == 0:
                self.dies = None
                if self.happens is None:
                    raise _lost()
                self.happens()
        if apdu[:2] == b"\xff\xca":
            return self.uid + OK if self.uid else bytes.fromhex("6E00")
        data = apdu[5 : 5 + apdu[4]] if len(apdu) > 5 else b""
        return self._do(apdu[0] << 8 | apdu[1], apdu[2], apdu[3], data, apdu)

    @property
    def folder(self):
        return self.folders[self.here]

    def _do(self, head, p1, p2, data, apdu):
        match head:
            case 0x00A4:
                return self._select(p1, data)
            case 0x0084:
                self.challenge = os.urandom(apdu[4])
                return self.challenge + OK
            case 0x0082:
                return self._prove(data)
            case 0x00B0:
                content = self.folder.files.get(p1 & 0x1F)
                return FILE if content is None else content[p2 : p2 + (apdu[4] or 256)] + OK
            case 0x00B2:
                rows = self.folder.records.get(p2 >> 3)
                return FILE if rows is None else RECORD if p1 > len(rows) else rows[p1 - 1] + OK
            case 0x80E0:
                return self._create(p1 << 8 | p2, data)
            case 0x84D4:
                return self._key(p1, p2, data, apdu)
            case 0x04D6 | 0x04E2:
                return self._update(head, p1, p2, data, apdu)
        return self._use(head, p1, data)

    def _use(self, head, p1, data):
        """What a finished card is checked by."""
        if head == 0x805C and self.folder.has_purse:
            return des.fen(self.folder.money) + OK
        if head == 0x8050 and self.folder.has_purse:
            return self._load(data) if p1 == 0 else self._begin(data)
        if head in (0x8052, 0x8054) and self.begun:
            return self._credit(data) if head == 0x8052 else self._debit(data)
        if head == 0x805A:
            return self.folder.proofs.get(data, bytes.fromhex("9406"))
        if head == 0x0088:
            key = self.folder.keys.get((INTERNAL, 0))
            return KEY if key is None else des.ecb(key[2:], data) + OK
        return INS

    def _select(self, p1, data):
        wanted = int.from_bytes(data, "big")
        found = [fid for fid, one in self.folders.items() if (one.name == data if p1 == 4 else fid == wanted)]
        if not found:
            return FILE
        self.here = found[0]
        inner = b"\x84" + bytes((len(self.folder.name),)) + self.folder.name
        public = self.folder.files.get(0x15)
        if public is not None:
            told = b"\x9f\x0c" + bytes((len(public),)) + public
            inner += b"\xa5" + bytes((len(told),)) + told
        return b"\x6f" + bytes((len(inner),)) + inner + OK

    def _control(self):
        return self.folder.keys.get((CONTROL, 0)) or self.folders[MF].keys[CONTROL, 0]

    def _prove(self, data):
        challenge, self.challenge = self.challenge, b""
        if len(challenge) != 8 or data != des.ecb(self._control()[-16:], challenge):
            return bytes.fromhex("63C2")
        self.proved.add(self.here)
        return OK

    def _create(self, fid, data):
        if self.here not in self.proved and MF not in self.proved:
            return RIGHTS
        kind, size = data[0], int.from_bytes(data[1:3], "big")
        if kind == DIRECTORY:
            if fid in self.folders:
                return EXISTS
            self.folders[fid] = Folder(data[8:])
        elif kind in (BINARY, VARIABLE, CYCLIC):
            if (fid & 0x1F) in {**self.folder.files, **self.folder.records}:
                return EXISTS
            if kind == BINARY:
                self.folder.files[fid & 0x1F] = bytes(size)
            else:
                self.folder.records[fid & 0x1F] = []
        elif kind == PURSE and fid == EP:
            self.folder.has_purse = True
        elif kind != KEYS:
            return bytes.fromhex("6A80")
        return OK

    def _key(self, p1, p2, data, apdu):
        challenge, self.challenge = self.challenge, b""
        control = self._control()[-16:]
        hidden, mac = data[:-4], data[-4:]
        if not challenge or des.line_mac(control, challenge, apdu[:5] + hidden) != mac:
            return MAC
        clear = b"".join(des.decipher(control, hidden[at : at + 8]) for at in range(0, len(hidden), 8))
        field = clear[1 : 1 + clear[0]]
        if len(field) != 21:
            return LENGTH
        self.folder.keys[field[0], p2] = field[3:]
        return OK

    def _update(self, head, p1, p2, data, apdu):
        challenge, self.challenge = self.challenge, b""
        key, content = self.folder.keys[MAINTENANCE, 0][-16:], data[:-4]
        if not challenge or des.line_mac(key, challenge, apdu[:5] + content) != data[-4:]:
            return MAC
        if head == 0x04E2:
            self.folder.records[p2 >> 3].append(content)
            return OK
        sfi, old = p1 & 0x1F, self.folder.files[p1 & 0x1F]
        self.folder.files[sfi] = old[:p2] + content + old[p2 + len(content) :]
        return OK

    def _load(self, data):
        amount, term, rnd, folder = data[1:5], data[5:11], os.urandom(4), self.folder
        stored, count, money = folder.keys[LOAD, data[0]], folder.online.to_bytes(2, "big"), des.fen(folder.money)
        session = des.load_session(stored[2:], rnd, count)
        self.begun = (session, amount, term)
        return money + count + stored[:2] + rnd + des.mac(session, money, amount, b"\2", term) + OK

    def _credit(self, data):
        session, amount, term = self.begun
        if data[7:] != des.mac(session, amount, b"\2", term, data[:7]):
            return bytes.fromhex("9302")
        self.folder.money += int.from_bytes(amount, "big")
        self.folder.online += 1
        return bytes(4) + OK

    def _begin(self, data):
        amount, term, rnd, folder = data[1:5], data[5:11], os.urandom(4), self.folder
        stored = folder.keys[PURCHASE, data[0]]
        self.begun = (stored[2:], amount, term, rnd)
        return des.fen(folder.money) + folder.offline.to_bytes(2, "big") + bytes(3) + stored[:2] + rnd + OK

    def _debit(self, data):
        (key, amount, term, rnd), folder = self.begun, self.folder
        ttn, when, mac1 = data[:4], data[4:11], data[11:]
        session = des.purchase_session(key, rnd, folder.offline.to_bytes(2, "big"), ttn)
        if mac1 != des.mac(session, amount, b"\6", term, when):
            return bytes.fromhex("9302")
        folder.money -= int.from_bytes(amount, "big")
        folder.offline += 1
        tac = des.tac(folder.keys[TAC, 0][2:], amount, b"\6", term, ttn, when)
        mac2 = des.mac(session, amount)
        folder.proofs[folder.offline.to_bytes(2, "big")] = mac2 + tac + OK
        return tac + mac2 + OK


class ClausePsam:
    """A PSAM from its issuer: its number, its control key, no purchase master yet."""

    def __init__(self, term, control, dies=None):
        self.term, self.control, self.dies = term, control, dies
        self.masters = {}
        self.power_on()

    def power_on(self):
        self.challenge, self.is_selected = b"", False
        return ATR

    def power_off(self):
        self.challenge = b""

    def transmit(self, apdu, /):
        if self.dies is not None:
            self.dies -= 1
            if self.dies == 0:
                self.dies = None
                raise _lost()
        head = apdu[:2].hex()
        if head == "00a4":
            self.is_selected = True
            return bytes.fromhex("6F068404") + b"PSAM" + OK
        if apdu[:4].hex() == "00b09600":
            return self.term[: apdu[4]] + OK
        if head == "0084":
            self.challenge = os.urandom(apdu[4])
            return self.challenge + OK
        if head == "84d4" and self.is_selected:
            return self._key(apdu)
        return INS

    def _key(self, apdu):
        challenge, self.challenge = self.challenge, b""
        hidden, mac = apdu[5:-4], apdu[-4:]
        if des.line_mac(self.control, challenge, apdu[:5] + hidden) != mac:
            return MAC
        clear = b"".join(des.decipher(self.control, hidden[at : at + 8]) for at in range(0, len(hidden), 8))
        usage, version, _, *key = clear[1 : 1 + clear[0]]
        if usage:
            self.masters[version] = bytes(key)
        else:
            self.masters.pop(version, None)
        return OK


def _lost():
    """The one word that every channel of ours uses for a card without an answer."""
    from shared.purse.errors import CardLost

    return CardLost("no power")
