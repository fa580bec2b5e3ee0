"""The worked vectors of docs/protocol, by struct, hashlib and the ciphers alone: none of our codecs is asked."""

import hashlib
import hmac
import json
import struct
from pathlib import Path
from zlib import crc32

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.hashes import SHA256

FOLDER = Path(__file__).parents[2] / "vectors" / "protocol"
UP, DOWN = b"\x01", b"\x02"
SHAPES = {
    "purchase": ">BBHII10sHBBIIIBB4s3sHHHhH",
    "load": ">BBHII10sHBBIIIBB4sHHHH",
    "void": ">BBHII10sHBIIBBHHHH",
    "payment": ">BBHII10sIIBHHHH",
    "meal": ">BBHI10sBBIIBHHHH",
    "code": ">BBHI10sIBh4s64sIIBHH",
}
PURCHASES = ("purchase", "composite", "unproven", "recovered", "not_debited")
VOIDS = ("void", "witnessed_void")
PAYMENTS = ("online", "reversal")
MEALS = ("meal",)
CODES = ("code",)


def read(name):
    """Hexadecimal stays text: `raw` of it is bytes."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def raw(text):
    return bytes.fromhex(text)


def cmac(key, covered):
    mac = CMAC(AES(key))
    mac.update(covered)
    return mac.finalize()


def envelope(key, way, device, counter, kind, payload, index=0):
    body = struct.pack(">BBH", kind, 0x10 | index, counter & 0xFFFF) + payload
    return body + cmac(key, way + device + struct.pack(">I", counter) + body)[:8]


def test_a_join_from_hello_to_the_first_record():
    of = {name: raw(text) for name, text in read("join").items()}
    device, key = of["device"], of["session_key"]
    assert of["hello"] == struct.pack(
        ">BB6s8s6sHII8s", 1, 0x10, device, b"flash--1", bytes.fromhex("510000000023"), 0x0101, 7, 3, of["r_term"]
    )
    assert of["challenge"] == struct.pack(">BB16sBI", 2, 0x10, of["r_edge"], 1, 848_000_000)
    assert of["session_input"] == b"openykt session v1\0" + of["r_edge"] + of["r_term"] + device
    assert key == cmac(of["k_term"], of["session_input"])
    psam = bytes.fromhex("510000000023")
    rows = struct.pack(">BH6sIIH6sII", 2, 1, psam, 5, 9, 2, psam, 1, 0)
    assert of["auth"] == envelope(key, UP, device, 1, 3, rows)
    rows = struct.pack(">8sHIIIBHIIHII", b"store--1", 2, 848_000_000, 0, 1, 2, 1, 9, 8, 2, 0, 0)
    assert of["welcome"] == envelope(key, DOWN, device, 1, 4, rows)
    assert of["status"] == envelope(key, UP, device, 2, 0x13, of["status_payload"])
    assert of["record"] == envelope(key, UP, device, 3, 0x10, of["record_payload"], index=1)
    assert of["time"] == envelope(key, DOWN, device, 2, 0x15, struct.pack(">I", 848_000_030))
    assert of["revoked"] == envelope(key, DOWN, device, 3, 0x05, b"\x09")
    minute = struct.pack(">I", 848_000_060)
    assert of["counter_65537"] == envelope(key, DOWN, device, 65_537, 0x15, minute)
    assert of["counter_65540"] == envelope(key, DOWN, device, 65_540, 0x15, minute)
    assert of["counter_65539"] == envelope(key, DOWN, device, 65_539, 0x05, b"\x09")
    rows = struct.pack(">8sHIIIBHIIHII", b"store--2", 2, 848_000_000, 0, 1, 2, 1, 9, 8, 2, 0, 0)
    assert of["other_store"] == envelope(key, DOWN, device, 1, 4, rows)


@pytest.mark.parametrize("name", ["ack", "settled", "ack_high"])
def test_the_short_form(name):
    join, one = read("join"), read("short")[name]
    covered = b"short\0" + DOWN + bytes((one["type"],)) + raw(join["device"]) + struct.pack(
        ">HI", one["epoch"], one["seq"]
    )  # fmt: skip
    mac = cmac(raw(join["session_key"]), covered)[:4]
    assert raw(one["message"]) == struct.pack(">BH", one["type"], one["seq"] & 0xFFFF) + mac


def packed(kind, fields):
    shapes = {"purchase": PURCHASES, "void": VOIDS, "payment": PAYMENTS, "meal": MEALS, "code": CODES}
    shape = next((name for name, kinds in shapes.items() if kind in kinds), "load")
    values = [raw(v) if isinstance(v, str) else v for n, v in fields.items() if n not in ("trip", "witness", "mac")]
    wire = struct.pack(SHAPES[shape], *values) + raw(fields.get("trip", ""))
    if fields.get("witness"):
        card, version, mac = fields["witness"]
        wire += raw(card) + bytes((version,)) + raw(mac)
    return wire + raw(fields.get("mac", ""))


@pytest.mark.parametrize("kind", read("records")["kinds"])
def test_a_record(kind):
    made = read("records")["kinds"][kind]
    wire = packed(kind, made["fields"])
    assert raw(made["wire"]) == wire
    stored = raw("000100000007") + struct.pack(">H", 2) + raw("510000000023") + wire
    assert raw(made["stored"]) == stored
    if kind in VOIDS + PAYMENTS + MEALS + CODES:
        covered = b"openykt record v1\0" + hashlib.sha256(stored[:-4]).digest()[:24]
        assert wire[-4:] == cmac(raw(read("records")["k_term"]), covered)[:4]


def pages_of(body):
    return [body[at : at + 1024] for at in range(0, len(body), 1024)]


def digest_of(body):
    return hashlib.sha256(b"".join(hashlib.sha256(page).digest() for page in pages_of(body))).digest()


def signed_by(public, signature, covered):
    Ed25519PublicKey.from_public_bytes(public).verify(signature, covered)


def test_an_account_payment():
    said = read("online")
    code = said.pop("code")
    of = {name: raw(one) if isinstance(one, str) else one for name, one in said.items()}
    named = struct.pack(">6sH6sI", of["device"], of["epoch"], of["psam"], of["number"])
    assert of["presence"] == hashlib.sha256(b"openykt account payment v1\0" + named).digest()[:6]
    card, form = bytes.fromhex("53030000000000004711"), ">B10sHIIBBBB4s4s"
    assert of["payment"] == struct.pack(form, 5, card, 0x13, 9875, 1250, 2, 1, 0, 1, b"rnd!", b"mac1")
    assert of["check"] == struct.pack(form, 6, card, 0, 0, 1250, 0, 0, 0, 0, bytes(4), bytes(4))
    assert of["approved"] == struct.pack(">BBIi", 2, 0, 1250, 8750)
    assert of["refused"] == struct.pack(">BBIi", 2, 1, 0, 0)
    assert of["request"] == struct.pack(">IH", 6, 3000) + of["payment"]
    asked = b"\xff\xfe" + struct.pack(">Q", int(code))
    assert of["by_code"] == struct.pack(form, 7, asked, 0, 0, 1250, 0, 0, 0, 0, bytes(4), bytes(4))
    assert of["code_means"] == b"\xff\xfd" + hashlib.sha256(b"openykt payment code v1\0" + code.encode()).digest()[:8]


def test_a_document():
    of = read("documents")
    key = of["key"]
    public, campus = raw(key["public"]), struct.pack(">H", of["campus"])
    certified = b"openykt document key v1\0" + campus + bytes((key["kind"], key["version"])) + public
    signed_by(raw(of["campus_public"]), raw(key["certificate"]), certified)
    assert raw(of["document_key"]) == bytes((key["kind"], key["version"])) + public + raw(key["certificate"])
    body = b"".join(raw(page).ljust(1024, b"\0") for page in of["pages"])
    assert len(body) == of["length"]
    assert body[:7] == struct.pack(">BBH", 1, 1, 1) + raw("5303") + b"\x03"
    assert body[1024 + 0x4711 // 8] >> (0x4711 % 8) & 1
    assert sum(byte.bit_count() for byte in body[1024:4096]) == 1
    assert body[4096:].rstrip(b"\0") == raw(of["cards"][1])
    assert raw(of["digest"]) == digest_of(body)
    assert of["table"] == [crc32(page) for page in pages_of(body)]
    assert of["echo"] == crc32(b"".join(struct.pack(">I", one) for one in of["table"]))
    head = struct.pack(">BB7sIII32s", 1, 1, bytes(7), 7, 848_000_000, len(body), digest_of(body))
    assert raw(of["head"]) == head
    assert raw(of["covered"]) == b"openykt document v1\0" + campus + head
    signed_by(public, raw(of["signature"]), raw(of["covered"]))
    delta = raw(of["delta"])
    length, at, size = struct.unpack_from(">IIH", delta)
    after = body[:at] + delta[10:] + body[at + size :]
    assert (len(delta), length) == (10 + size, len(after))
    assert raw(of["next_digest"]) == digest_of(after)
    signed_by(public, raw(of["next_signature"]), b"openykt document v1\0" + campus + raw(of["next_head"]))


def test_orders_and_parameters():
    of = read("documents")
    arguments = ((1, "盘点".encode()), (6, struct.pack(">HII", 2, 5, 9)), (9, struct.pack(">I", 7)))
    made = [struct.pack(">BBI", 1, verb, 848_000_000) + rest for verb, rest in arguments]
    assert [raw(one) for one in of["orders"]] == made
    meals = b"".join(
        struct.pack(">BIB", number, begins, len(name)) + name
        for number, begins, name in ((1, 21_600, "早餐".encode()), (2, 36_000, "午餐".encode()))
    )
    limits = struct.pack(">HBBIIIHH", 1, 2, 0b01111, 1500, 2000, 6000, 2, 0)
    limits += struct.pack(">HBBIIIHH", 0xFFFF, 1, 0x20, 0, 0, 0, 0, 0)
    ladder = struct.pack(">IIII", 86_400, 6000, 259_200, 3000)
    agreed = b"\x07\x08bank-ep" + bytes(range(1, 9))
    parts = (struct.pack(">I", 3600), struct.pack(">I", 100_000), meals, limits, ladder, agreed)
    body = b"\x01" + b"".join(struct.pack(">BH", tag, len(part)) + part for tag, part in enumerate(parts, 1))
    assert raw(of["parameters"]) == body


def test_the_key_of_tls():
    of = read("links")["tls"]
    device = raw(read("join")["device"])
    assert of["identity"] == device.hex()
    assert raw(of["psk"]) == cmac(raw(of["k_term"]), b"openykt tls psk v1\0" + device)


def stuffed(data):
    """COBS, block by block, from the other end than our encoder: walk and remember where the code byte stands."""
    out, code_at, code = bytearray(1), 0, 1
    for n, byte in enumerate(data):
        if byte:
            out.append(byte)
            code += 1
        if not byte or (code == 0xFF and n + 1 < len(data)):
            out[code_at] = code
            code_at, code = len(out), 1
            out.append(0)
    out[code_at] = code
    return bytes(out)


def crc16(data):
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ (0x1021 if crc & 0x8000 else 0)) & 0xFFFF
    return struct.pack(">H", crc ^ 0xFFFF)


def line_frame(control, payload=b""):
    inner = bytes((3, control)) + payload
    return b"\0" + stuffed(inner + crc16(inner)) + b"\0"


def times(one, other):
    product = 0
    for bit in range(8):
        product ^= one << bit if other >> bit & 1 else 0
    for bit in range(14, 7, -1):
        product ^= 0x11D << bit - 8 if product >> bit & 1 else 0
    return product


def test_a_broadcast():
    of = read("broadcast")
    page, down, up = raw(of["page"]), of["down"], of["up"]
    symbols = [page[at : at + 8].ljust(8, b"\0") for at in range(0, 1024, 8)]
    inverse = {one: next(other for other in range(256) if times(one, other) == 1) for one in range(1, 256)}

    def repaired(j):
        return bytes(sum_of(times(symbols[i][at], inverse[j ^ i]) for i in range(128)) for at in range(8)).hex()

    def sum_of(parts):
        total = 0
        for part in parts:
            total ^= part
        return total

    stream, edge, terminal = 5, 0xF0, 3

    def frame(page_, symbol, data):
        return {"id": f"{7 << 26 | 2 << 24 | stream << 18 | page_ << 8 | symbol:08x}", "data": data}

    assert down["data"] == frame(0, 2, symbols[2].hex())
    assert down["last"] == frame(0, 3, symbols[3].hex())
    assert down["repair"] == frame(0, 128, repaired(128))
    assert down["highest"] == frame(0, 254, repaired(254))
    assert down["announced"] == frame(1023, 0, of["announcement"][:16])
    made = read("documents")
    assert of["announcement"] == made["head"] + made["signature"]
    assert [down[name] for name in ("ready", "count", "end")] == [
        frame(1022, 1, "00"), frame(1022, 2, "07"), frame(1022, 3, "07")
    ]  # fmt: skip
    assert {one["id"] for one in up.values()} == {f"{7 << 26 | 1 << 24 | stream << 16 | edge << 8 | terminal:08x}"}
    scale = (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 24, 32, 64, 128)
    lacks = [next(code for code, meant in enumerate(scale) if meant >= lack) for lack in (0, 1, 9, 128)]
    assert {name: one["data"] for name, one in up.items()} == {
        "ready": "01000003", "lacking": "0201" + "".join(f"{code:x}" for code in lacks) + "0" * 8, "counted": "0307",
        "whole": "0400", "refused": "051a", "wrong_digest": "0600",
    }  # fmt: skip


def test_tcp_and_rs485():
    of, join = read("links"), read("join")
    hello = raw(join["hello"])
    assert raw(of["tcp"]["framed"]) == struct.pack(">H", len(hello)) + hello
    for one in of["cobs"]:
        assert raw(one["encoded"]) == stuffed(raw(one["plain"]))
    line = {name: raw(text) for name, text in of["rs485"].items()}
    assert line == {
        "reset": line_frame(0x20),
        "reset_answer": line_frame(0xA0),
        "fresh": line_frame(0xE0),
        "poll": line_frame(0x00),
        "hello": line_frame(0x80, hello),
        "heard": line_frame(0x04, raw(join["challenge"])),
        "more": line_frame(0x80 | 0x10 | 0x08 | 0x04 | 0x02, b"\0more"),
    }


PRIORITIES = {0x15: 2, 0x16: 3, 0x17: 3, 0x11: 4, 0x12: 4, 0x14: 5} | dict.fromkeys((0x13, *range(0x20, 0x26)), 7)


def test_can():
    of = read("links")["can"]
    for way, target, source in (("up", 0xF0, 3), ("down", 3, 0xF0)):
        for kind, word in of[way].items():
            priority = PRIORITIES.get(int(kind, 16), 6)
            assert int(word, 16) == priority << 26 | 0xDA << 16 | target << 8 | source
    assert int(of["down_urgent"], 16) == 3 << 26 | 0xDA << 16 | 3 << 8 | 0xF0
    assert int(of["down_all"], 16) == 6 << 26 | 0xDB << 16 | 0xFF << 8 | 0xF0
    message = raw(of["message"])
    frames = [struct.pack(">H", 0x1000 | len(message)) + message[:6]]
    for n, at in enumerate(range(6, len(message), 7), 1):
        frames.append(bytes((0x20 | n & 0xF,)) + message[at : at + 7])
    assert [raw(frame) for frame in of["frames"]] == frames
    assert raw(of["flow_control"]) == b"\x30\0\0"
    assert raw(of["short_frames"][0]) == b"\x07" + raw(of["short"])


def test_claims_of_an_address():
    of = read("links")["claims"]
    device = raw(of["device"])
    tags = []
    for n, (frame, longer) in enumerate(zip(of["claims"], of["longer"], strict=True)):
        digest = hashlib.sha256(b"openykt claim v1\0" + device + struct.pack(">H", n)).digest()
        tags.append(int.from_bytes(digest[:3], "big") >> 1)
        assert int(frame["id"], 16) == 7 << 26 | 3 << 24 | tags[n]
        assert (raw(frame["data"]), longer) == (device, digest[3] / 256)
    assert int(of["answer"]["id"], 16) == 7 << 26 | 3 << 24 | 1 << 23 | tags[0]
    assert raw(of["answer"]["data"]) == device + bytes((of["address"],))


def test_limits_of_offline_codes():
    body = raw(read("documents")["wallets"])
    assert struct.unpack(">BBIIHII", body) == (1, 2, 3000, 100_000, 2, 7, 66051)


def test_an_offline_code():
    of = {name: raw(one) for name, one in read("codes").items() if isinstance(one, str)}
    (digits,) = read("codes")["digits"]
    number = int.from_bytes(of["code"], "big")
    assert (digits[:2], len(digits), int(digits[2:])) == ("80", 489, number)
    certificate, rest = of["code"][:129], of["code"][129:]
    fields = struct.unpack(">BHBI10sB33sIIBI", certificate[:65])
    form, campus, version, count, card, kind, public, begins, ends, uses, fen = fields
    assert (form, campus, version, count, kind, begins, ends, uses, fen) == (
        1, 1, 1, 77, 2, 848_000_000, 848_086_400, 2, 3000
    )  # fmt: skip
    assert (card.hex(), of["certificate"]) == ("53030000000000004711", certificate)
    assert of["certified"] == b"openykt phone v1\0" + certificate[:65]
    signed_by(of["signer"], certificate[65:], of["certified"])
    assert of["covered"] == b"openykt offline code v1\0" + struct.pack(">I", count) + rest[:9]
    assert rest[:9] == struct.pack(">BI4s", 1, 848_000_005, b"nonc")
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    r, s = (int.from_bytes(half, "big") for half in (rest[9:41], rest[41:]))
    key.verify(encode_dss_signature(r, s), of["covered"], ec.ECDSA(SHA256()))
    private = ec.derive_private_key(int.from_bytes(of["private"], "big"), ec.SECP256R1())
    assert private.public_key() == key


def test_a_list_of_who_is_enrolled():
    """By hand: differences of marks in Golomb-Rice code."""
    body = raw(read("documents")["enrolled"])
    form, fen, per_week, salt, count, width = struct.unpack_from(">BIB8sIB", body)
    assert (form, fen, per_week, count) == (1, 1500, 2, 3)
    bits, less, marks, at = "".join(f"{byte:08b}" for byte in body[19:]), width - count.bit_length(), [], 0
    while len(marks) < count:
        ones = bits.index("0", at) - at
        rest = int(bits[at + ones + 1 :][:less], 2)
        marks.append((marks[-1] if marks else -1) + 1 + (ones << less) + rest)
        at += ones + 1 + less
    named = [hmac.digest(salt, number, "sha256") for number in (b"20260001", b"20260002", b"007")]
    assert marks == sorted(int.from_bytes(mac, "big") >> (256 - width) for mac in named)
    assert not bits[at:].strip("0")
