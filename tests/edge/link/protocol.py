"""Worked vectors of docs/protocol: `python -m tests.edge.link.protocol` writes them. Bytes there never change.

test_protocol_vectors.py checks them with struct, hashlib and the ciphers alone.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edge.link import messages as link
from edge.link.broadcast import ANNOUNCEMENT, Answer, Ask, Call, Say, Symbol, announcement
from edge.link.can.broadcast import down_frame, up_frame
from edge.link.can.claims import answer_frame, attempt_of, claim_frame
from edge.link.can.frame import EXTENDED_MASK, CanFrame
from edge.link.can.ids import (
    ALL_ADDRESSES,
    BULK_PRIORITY,
    EDGE_ADDRESS,
    FUNCTIONAL,
    URGENT_PRIORITY,
    CanId,
)
from edge.link.can.isotp import CONTINUE_FRAME, Transfer, TransferLimits
from edge.link.can.node import TRAFFIC
from edge.link.messages import Type
from edge.link.rs485 import cobs
from edge.link.rs485.frame import Kind as LineKind
from edge.link.rs485.frame import LineFrame, encode_frame
from edge.link.seal import Direction, Session, session_key
from edge.link.tcp.framing import encode as framed
from shared import records
from shared.fleet.cards import operators_body
from shared.fleet.coding import symbol_of
from shared.fleet.delta import delta_between
from shared.fleet.document import CAMPUS, DocumentKind, Head, SignedHead, digest_of, echo_of, pages_of, table_of
from shared.fleet.enrolled import enrolled_body
from shared.fleet.hotlist import hotlist_body
from shared.fleet.order import Cancel, Lock, Order, Reread
from shared.fleet.parameters import EVERY_OTHER, AgreedRow, LimitRow, Limits, MealRow, ParameterBody, RungRow
from shared.fleet.wallets import Wallets, wallets_body
from shared.ids import CardId, DeviceId, PsamId, StorageId, StoreId
from shared.keys import offline_code
from shared.keys.document_key import CERTIFICATE_CONTEXT, certify_document_key, covered_head, sign_head
from shared.keys.terminal_mac import mac_input, terminal_mac
from shared.keys.terminal_psk import psk_identity, terminal_psk
from shared.online import (
    ORDER_MEANS,
    LoadRequest,
    OrderAnswer,
    PaymentAnswer,
    PaymentResult,
    Purpose,
    close_request,
    code_means,
    code_request,
    order_request,
    presence_id,
)
from shared.records import Stored
from shared.records.kinds import DESCRIBED, Kind
from shared.wire.fleet_lane import Verdict

FOLDER = Path(__file__).parents[2] / "vectors" / "protocol"
DEVICE, PSAM = DeviceId(bytes.fromhex("000100000007")), PsamId(bytes.fromhex("510000000023"))
STORAGE, STORE = StorageId(b"flash--1"), StoreId(b"store--1")
K_TERM, R_TERM, R_EDGE = bytes(range(16)), b"terminal", bytes(range(16, 32))
EPOCH, TIME = 2, 848_000_000
UP = (
    Type.HELLO, Type.AUTH, Type.RECORD, Type.STATUS, Type.HEARTBEAT, Type.ONLINE_REQUEST, Type.DOCUMENT_WANT,
    Type.DOCUMENT_REPORT,
)  # fmt: skip
DOWN = (
    Type.CHALLENGE, Type.WELCOME, Type.REFUSE, Type.ACK, Type.SETTLED, Type.TIME, Type.ONLINE_ANSWER, Type.AWAITED,
    Type.DOCUMENT_KEY, Type.DOCUMENT_HEAD, Type.DOCUMENT_DELTA, Type.DOCUMENT_PAGE,
)  # fmt: skip
PHONE_KEY = int.from_bytes(bytes(range(64, 96)), "big")
ADDRESS = 3
"""Of the terminal on a bus."""


def join() -> dict[str, Any]:
    """HELLO to the first record."""
    hello = link.HELLO.encode(link.Hello(DEVICE, STORAGE, PSAM, 0x0101, 7, 3, R_TERM))
    challenge = link.CHALLENGE.encode(link.Challenge(R_EDGE, 1, TIME))
    key = session_key(K_TERM, R_EDGE, R_TERM, DEVICE)
    up, down = Session(key, DEVICE, Direction.UP), Session(key, DEVICE, Direction.DOWN)
    auth = link.AUTH.encode(link.Auth((link.AuthEpoch(1, PSAM, 5, 9), link.AuthEpoch(EPOCH, PSAM, 1, 0))))
    rows = link.WelcomeEpoch(1, 9, 8), link.WelcomeEpoch(EPOCH, 0, 0)
    welcome = link.WELCOME.encode(link.Welcome(STORE, EPOCH, TIME, 0, 1, rows))
    status = link.STATUS.encode(link.STATUS.example)
    purchase = records.encode(DESCRIBED[Kind.PURCHASE].example)
    return {
        "k_term": K_TERM, "device": DEVICE, "r_term": R_TERM, "r_edge": R_EDGE, "hello": hello,
        "challenge": challenge, "session_input": b"openykt session v1\0" + R_EDGE + R_TERM + DEVICE,
        "session_key": key, "auth_payload": auth, "auth": up.seal(Type.AUTH, auth), "welcome_payload": welcome,
        "welcome": down.seal(Type.WELCOME, welcome), "status_payload": status, "status": up.seal(Type.STATUS, status),
        "record_payload": purchase, "record": up.seal(Type.RECORD, purchase, 1),
        "time": down.seal(Type.TIME, link.TIME.encode(link.Time(TIME + 30))),
        "revoked": down.seal(Type.REFUSE, link.REFUSE_SEALED.encode(link.REFUSE_SEALED.example)),
        "refuse": link.REFUSE.encode(link.REFUSE.example), "heartbeat": link.HEARTBEAT.encode(link.HEARTBEAT.example),
        **_later(key, link.Welcome(StoreId(b"store--2"), EPOCH, TIME, 0, 1, rows)),
    }  # fmt: skip


def _later(key: bytes, other_store: link.Welcome) -> dict[str, Any]:
    """A counter above 16 bits, one that runs ahead, one that comes late; and what an edge with another store says."""
    down = Session(key, DEVICE, Direction.DOWN)
    for _ in range(0x1_0000):
        down.seal(Type.TIME, b"")
    time, revoked = link.TIME.encode(link.Time(TIME + 60)), link.REFUSE_SEALED.encode(link.REFUSE_SEALED.example)
    high = down.seal(Type.TIME, time)
    down.seal(Type.TIME, time)
    late, ahead = down.seal(Type.REFUSE, revoked), down.seal(Type.TIME, time)
    other = Session(key, DEVICE, Direction.DOWN).seal(Type.WELCOME, link.WELCOME.encode(other_store))
    return {"counter_65537": high, "counter_65540": ahead, "counter_65539": late, "other_store": other}


def short() -> dict[str, Any]:
    """ACK and SETTLED of the same session."""
    down = Session(session_key(K_TERM, R_EDGE, R_TERM, DEVICE), DEVICE, Direction.DOWN)
    rows = (("ack", Type.ACK, 7), ("settled", Type.SETTLED, 7), ("ack_high", Type.ACK, 0x1_0007))
    return {
        name: {"type": kind, "epoch": EPOCH, "seq": seq, "message": down.seal_seq(kind, EPOCH, seq)}
        for name, kind, seq in rows
    }


def record_vectors() -> dict[str, Any]:
    """A record of each kind by its fields; a void with its MAC made."""
    found: dict[str, Any] = {}
    for kind, one in DESCRIBED.items():
        record = one.example
        wire = records.encode(record)
        if hasattr(record, "mac"):
            stored = Stored(DEVICE, EPOCH, PSAM, wire).to_bytes()
            mac = terminal_mac(K_TERM, mac_input(stored[:-4]))
            record = record._replace(mac=mac)
            wire = records.encode(record)
        fields = {
            name: list(value) if name == "witness" and value else value for name, value in record._asdict().items()
        }
        found[Kind(kind).name.lower()] = {
            "fields": fields, "wire": wire, "stored": Stored(DEVICE, EPOCH, PSAM, wire).to_bytes(),
        }  # fmt: skip
    return {"k_term": K_TERM, "kinds": found}


def documents() -> dict[str, Any]:
    """A hotlist: its key, head, pages, delta; and orders."""
    campus_seed, key_seed = bytes(range(32)), bytes(range(32, 64))
    campus, key = (Ed25519PrivateKey.from_private_bytes(seed) for seed in (campus_seed, key_seed))
    dense = CardId(bytes.fromhex("53030000000000004711")), CardId(bytes.fromhex("53030000000000004712"))
    foreign = (CardId(bytes.fromhex("10000000000000000001")),)
    bodies = hotlist_body(dense[:1], foreign), hotlist_body(dense, foreign)
    certified = certify_document_key(1, DocumentKind.HOTLIST, 1, key.public_key().public_bytes_raw(), campus)
    heads = [
        sign_head(1, Head(1, DocumentKind.HOTLIST, CAMPUS, 7 + n, TIME + n, len(body), digest_of(body)), key)
        for n, body in enumerate(bodies)
    ]
    change = delta_between(*bodies)
    return {
        "campus": 1, "campus_public": campus.public_key().public_bytes_raw(), "key": asdict(certified),
        "certificate_context": CERTIFICATE_CONTEXT, "document_key": link.DOCUMENT_KEY.encode(certified),
        "cards": [*dense[:1], *foreign], "pages": [page.rstrip(b"\0") for page in pages_of(bodies[0])],
        "length": len(bodies[0]), "digest": digest_of(bodies[0]), "table": list(table_of(bodies[0])),
        "echo": echo_of(table_of(bodies[0])), "head": heads[0].raw, "covered": covered_head(1, heads[0].raw),
        "signature": heads[0].signature, "delta": change.encode() if change else b"", "next_head": heads[1].raw,
        "next_signature": heads[1].signature, "next_digest": digest_of(bodies[1]),
        "orders": [Order(deed, TIME).encode() for deed in (Lock("盘点"), Reread(EPOCH, 5, 9), Cancel(7))],
        "parameters": PARAMETERS.encode(),
        "enrolled": enrolled_body(1500, 2, b"saltsalt", ("20260001", "20260002", "007")),
        "wallets": wallets_body(Wallets(2, 3000, 1000_00, frozenset({7, 0x0001_0203}))),
        "card_list": operators_body(CardId(bytes.fromhex(f"530300000000000000{n:02x}")) for n in (7, 9)),
    }  # fmt: skip


PARAMETERS = ParameterBody(
    3600, 1000_00, (MealRow(1, "早餐", 6 * 3600), MealRow(2, "午餐", 10 * 3600)),
    (LimitRow(1, 2, Limits(15_00, 20_00, 2, 60_00, None)), LimitRow(EVERY_OTHER, 1, Limits(is_refused=True))),
    (RungRow(86_400, 60_00), RungRow(259_200, 30_00)), (AgreedRow("bank-ep", bytes.fromhex("0102030405060708")),),
)  # fmt: skip


def tls() -> dict[str, Any]:
    """The pre-shared key of a terminal."""
    psk = terminal_psk(K_TERM, DEVICE)
    return {"k_term": K_TERM, "identity": psk_identity(DEVICE), "input": b"openykt tls psk v1\0" + DEVICE, "psk": psk}


def online() -> dict[str, Any]:
    """An account payment: what the card signs under, what is asked, and what is answered; one by a code; an order."""
    code, shown = "711234567890123454", "721234567890123459"
    named = presence_id(DEVICE, EPOCH, PSAM, 6)
    card = CardId(bytes.fromhex("53030000000000004711"))
    asked = LoadRequest(card, 0x13, 9875, 1250, 2, 1, 0, 1, b"rnd!", b"mac1", Purpose.PAYMENT)
    doubted = LoadRequest(card, 0, 0, 1250, 0, 0, 0, 0, bytes(4), bytes(4), Purpose.CHECK)
    return {
        "device": DEVICE, "epoch": EPOCH, "psam": PSAM, "number": 6, "presence": named, "payment": asked.to_bytes(),
        "check": doubted.to_bytes(), "approved": PaymentAnswer(PaymentResult.APPROVED, 1250, 8750).to_bytes(),
        "refused": PaymentAnswer(PaymentResult.NO_FUNDS).to_bytes(),
        "request": link.ONLINE_REQUEST.encode(link.Ask(6, 3000, asked.to_bytes())),
        "code": code, "by_code": code_request(code, 1250).to_bytes(), "code_means": code_means(code),
        "order_code": shown, "order": order_request(1250).to_bytes(), "order_means": ORDER_MEANS,
        "order_close": close_request(1250, EPOCH, 6).to_bytes(),
        "order_open": OrderAnswer(PaymentResult.ORDER_OPEN, 1250, shown).to_bytes(),
        "order_paid": OrderAnswer(PaymentResult.APPROVED, 1250).to_bytes(),
        "order_closed": OrderAnswer(PaymentResult.ORDER_CLOSED).to_bytes(),
    }  # fmt: skip


def links() -> dict[str, Any]:
    """The same ACK and AUTH on each wire."""
    made = join()
    auth, hello = made["auth"], made["hello"]
    stuffed = [b"", b"\0", b"\0\0", b"a\0b", bytes(range(1, 255)), bytes(range(1, 256)), b"\0" + bytes(range(1, 255))]
    slave: dict[str, Any] = {"address": ADDRESS, "upward": True}
    master: dict[str, Any] = slave | {"upward": False}
    frames = {
        "reset": LineFrame(**master, kind=LineKind.RESET), "reset_answer": LineFrame(**slave, kind=LineKind.RESET),
        "fresh": LineFrame(**slave, kind=LineKind.FRESH), "poll": LineFrame(**master, kind=LineKind.EXCHANGE),
        "hello": LineFrame(**slave, kind=LineKind.EXCHANGE, payload=hello),
        "heard": LineFrame(**master, kind=LineKind.EXCHANGE, payload=made["challenge"], expects=1),
        "more": LineFrame(**slave, kind=LineKind.EXCHANGE, payload=b"\0more", more=True, sequence=1, expects=1,
                          pending=True),
    }  # fmt: skip
    return {
        "tcp": {"message": hello, "framed": framed(hello)},
        "tls": tls(),
        "cobs": [{"plain": one, "encoded": cobs.encode(one)} for one in stuffed],
        "rs485": {name: encode_frame(frame) for name, frame in frames.items()},
        "can": {
            "address": ADDRESS,
            "up": {f"{kind:02x}": _id(CanId(TRAFFIC.get(kind, 6), EDGE_ADDRESS, ADDRESS)) for kind in UP},
            "down": {f"{kind:02x}": _id(CanId(TRAFFIC.get(kind, 6), ADDRESS, EDGE_ADDRESS)) for kind in DOWN},
            "down_urgent": _id(CanId(URGENT_PRIORITY, ADDRESS, EDGE_ADDRESS)),
            "down_all": _id(CanId(BULK_PRIORITY, ALL_ADDRESSES, EDGE_ADDRESS, FUNCTIONAL)),
            "message": auth, "flow_control": CONTINUE_FRAME, "frames": _frames(auth),
            "short": short()["ack"]["message"], "short_frames": _frames(short()["ack"]["message"]),
        },
        "claims": {
            "device": DEVICE, "address": ADDRESS,
            "claims": [_frame(claim_frame(DEVICE, attempt)) for attempt in range(3)],
            "longer": [attempt_of(DEVICE, attempt).longer for attempt in range(3)],
            "answer": _frame(answer_frame(DEVICE, ADDRESS, attempt_of(DEVICE, 0).tag)),
        },
    }  # fmt: skip


def broadcast() -> dict[str, Any]:
    """The hotlist above as if it went to all of a bus: its announcement, symbols of a page, calls and answers."""
    made = documents()
    page = b"openykt coded page: 27 bytes"[:27]
    spread = announcement(SignedHead(made["head"], made["signature"]))
    downs = {
        "announced": Symbol(5, ANNOUNCEMENT, 0, symbol_of(spread, 0)),
        "data": Symbol(5, 0, 2, symbol_of(page, 2)), "last": Symbol(5, 0, 3, symbol_of(page, 3)),
        "repair": Symbol(5, 0, 128, symbol_of(page, 128)), "highest": Symbol(5, 0, 254, symbol_of(page, 254)),
        "ready": Call(5, Ask.READY, 0), "count": Call(5, Ask.COUNT, 7), "end": Call(5, Ask.END, 7),
    }
    ups = {
        "ready": Answer(5, Say.READY, held=3), "lacking": Answer(5, Say.LACKING, 1, (0, 1, 9, 128)),
        "counted": Answer(5, Say.COUNTED, 7), "whole": Answer(5, Say.WHOLE),
        "refused": Answer(5, Say.REFUSED, Verdict.BUSY), "wrong_digest": Answer(5, Say.WRONG_DIGEST),
    }
    return {
        "page": page, "announcement": spread,
        "down": {name: _frame(down_frame(one)) for name, one in downs.items()},
        "up": {name: _frame(up_frame(ADDRESS, one)) for name, one in ups.items()},
    }  # fmt: skip


def _frame(found: CanFrame) -> dict[str, Any]:
    return {"id": f"{found.word & EXTENDED_MASK:08x}", "data": found.data}


def _id(found: CanId) -> str:
    """The 29 bits."""
    return f"{found.word & EXTENDED_MASK:08x}"


def _frames(message: bytes) -> list[bytes]:
    transfer = Transfer(message, TransferLimits())
    frames = []
    while not transfer.done:
        frame = transfer.next_frame(0.0)
        if frame is None:
            transfer.hear_flow_control(CONTINUE_FRAME, 0.0)
        else:
            frames.append(frame)
    return frames


def codes() -> dict[str, Any]:
    """What a phone shows, and what its campus has certified of it. P-256 with nonces of RFC 6979, so that it stays."""
    signer = Ed25519PrivateKey.from_private_bytes(bytes(range(96, 128)))
    key = ec.derive_private_key(PHONE_KEY, ec.SECP256R1())
    public = key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    card = CardId(bytes.fromhex("53030000000000004711"))
    phone = offline_code.Phone(1, 1, 77, card, 2, public, TIME, TIME + 86_400, 2, 3000)
    use = offline_code.Use(1, TIME + 5, b"nonc")
    covered = offline_code.code_covered(77, use)
    r, s = decode_dss_signature(key.sign(covered, ec.ECDSA(SHA256(), deterministic_signing=True)))
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    certificate = offline_code.certify_phone(phone, signer)
    code = offline_code.Code(certificate, use, signature)
    return {
        "signer": signer.public_key().public_bytes_raw(), "private": PHONE_KEY.to_bytes(32, "big"),
        "certificate": certificate.encode(), "certified": offline_code.certified(phone), "covered": covered,
        "code": code.encode(), "digits": [offline_code.code_digits(code)],
    }  # fmt: skip


def _plain(value: Any) -> Any:
    """As JSON has it: bytes in hexadecimal."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value


def all_vectors() -> dict[str, Any]:
    """By file."""
    made = {"join": join(), "short": short(), "records": record_vectors(), "documents": documents(), "links": links(),
            "online": online(), "broadcast": broadcast(), "codes": codes()}  # fmt: skip
    return {name: _plain(one) for name, one in made.items()}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, made in all_vectors().items():
        (FOLDER / f"{name}.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
