"""docs/protocol says what the code does: its numbers are constants, its bytes are vectors, its clauses are there."""

import json
import re
from enum import IntEnum

import pytest

from compose.place import ROOT
from edge.box.box import HINT_EVERY_S, JOINS_BURST, JOINS_PER_S, MESSAGES_BURST, MESSAGES_PER_S
from edge.box.down import broadcast as sending
from edge.box.terminals import addresses
from edge.box.terminals import terminals as box_terminals
from edge.box.up import intake
from edge.box.up import online as box_online
from edge.conform import online_checks
from edge.conform.exam import CHECKS, LAWS
from edge.link import broadcast, port, seal
from edge.link.can import claims, ids, isotp, node
from edge.link.can.broadcast import CALLS
from edge.link.layout import PROTOCOL
from edge.link.messages import WANT_MAX, Refusal, Type
from edge.link.rs485 import frame
from edge.link.rs485.polling import PollSettings
from edge.link.tcp.link import TcpBounds
from edge.terminal.down import ages, documents, fetch
from edge.terminal.firmware import line, rereading, window
from edge.terminal.store import book, clock, layout
from edge.terminal.taps import asking, till_order
from edge.terminal.taps import offline_code as taken
from shared import online, records
from shared.fleet import capped, cards, coding, delta, document, enrolled, hotlist, order, parameters, permit, wallets
from shared.fleet.document import LENGTH_MAX, DocumentKind
from shared.keys import offline_code
from shared.records import kinds, stored
from shared.wire.fleet_lane import DETAIL_MAX, Verdict
from shared.wire.messages import AWAITED_MAX, EPOCHS_MAX
from tests.edge.link import protocol

PAGES = sorted((ROOT / "docs" / "protocol").glob("*.md"))
HEX = re.compile(r"^[0-9a-f]{6,}$", re.MULTILINE)
ROW = re.compile(r"^\| `([A-Z_]+)` \| ([0-9.]+) \|", re.MULTILINE)
DOCUMENTS = range(Type.DOCUMENT_KEY, Type.DOCUMENT_REPORT + 1)
NAMED = re.compile(r"`([A-Z][A-Z_]{3,}[A-Z])`")


def named(module, *names):
    return {name: getattr(module, name) for name in names}


def fields(values, *names):
    return {name.upper(): getattr(values, name) for name in names}


NUMBERS = (
    {"PROTOCOL": PROTOCOL, "WANT_MAX": WANT_MAX, "DETAIL_MAX": DETAIL_MAX, "AWAITED_MAX": AWAITED_MAX}
    | {"EPOCHS_MAX": EPOCHS_MAX, "EDGE_JOIN_S": box_terminals.JOIN_S, "LIVE_S": box_terminals.LIVE_S}
    | {"HINT_EVERY_S": HINT_EVERY_S, "JOINS_BURST": JOINS_BURST, "JOINS_PER_S": JOINS_PER_S}
    | {"MESSAGES_BURST": MESSAGES_BURST, "MESSAGES_PER_S": MESSAGES_PER_S, "RING_MAX": layout.RING_MAX}
    | named(intake, "SETTLED_EVERY_S", "SETTLED_RECORDS", "PIECES_MAX", "TIME_EVERY_S")
    | named(port, "MESSAGE_MAX_BYTES", "FIRST_TERMINAL", "LAST_TERMINAL")
    | named(seal, "MAC_SIZE", "SHORT_MAC_SIZE", "OVERHEAD", "COUNTER_STEP_MAX", "LATE_WINDOW", "BAD_MACS_MAX")
    | named(seal, "SEQ_WINDOW")
    | named(line, "JOIN_S", "JOIN_MAX_S", "NO_EPOCH_S", "SILENCE_S", "UNACKED_S", "HINT_S", "STATUS_S")
    | named(line, "UNACKED_TCP_S", "HELLOS_MAX")
    | named(line, "STATUS_MIN_S", "HEARTBEAT_S", "EMCY_S", "REPORTS_S", "REPORTS_MAX_S")
    | named(window, "WINDOW", "WINDOW_BUS", "RESEND_S", "RESEND_MAX_S")
    | named(clock, "STEP_MIN_S", "EARLIEST_S", "LATEST_S")
    | named(book, "UNPROVEN_AFTER_S")
    | named(kinds, "VERSION", "PURCHASE_SIZE")
    | named(records, "WIRE_MAX")
    | {"HEAD_SIZE": records.HEAD.size, "STORED_HEAD": stored.STORED_HEAD}
    | named(ids, "EDGE_ADDRESS", "ALL_ADDRESSES", "PHYSICAL", "FUNCTIONAL")
    | named(ids, "CLAIMS", "CLAIM_DOWN")
    | named(claims, "PAUSE_S", "PAUSE_MAX_S", "MOVE_S")
    | {"CLAIMS_PER_S": addresses.CLAIMS_PER_S, "CLAIMS_BURST": addresses.CLAIMS_BURST}
    | named(isotp, "SINGLE_MAX_BYTES")
    | fields(isotp.ReassemblyLimits(), "grants_max", "wait_refresh_s", "frame_timeout_s")
    | fields(isotp.TransferLimits(), "flow_control_timeout_s", "waits_max")
    | named(frame, "PAYLOAD_MAX_BYTES")
    | fields(PollSettings(), "reply_wait_s", "idle_every", "dead_after_misses", "burst_max", "gone_s")
    | fields(TcpBounds(), "reconnect_min_s", "reconnect_max_s", "first_s", "idle_s", "message_s", "connections_max")
    | fields(TcpBounds(), "of_address", "handshakes_per_s")
    | named(document, "PAGE_SIZE")
    | {"DOCUMENT_HEAD_SIZE": document.HEAD_SIZE, "DELTA_MAX": delta.DELTA_MAX, "FRESH_S": ages.FRESH_S}
    | named(documents, "FETCHES_MAX", "CATCH_UP_S")
    | named(fetch, "AGAIN_S", "TRIES_MAX")
    | named(hotlist, "FORM", "INDEX_MAX", "BY_ID_MAX")
    | {
        "CARDS_A_PAGE": hotlist._CARDS_A_PAGE,
        "PARAMETERS_FORM": parameters.FORM,
        "ORDER_FORM": order.FORM,
        "PERMIT_FORM": permit.FORM,
    }
    | named(asking, "PAYMENT_S", "BEFORE_S", "CHECK_S")
    | named(till_order, "ORDER_S", "LOOK_S", "LOST_S")
    | named(online_checks, "LOOK_LEAST_S")
    | {"RETURN_MS": intake.RETURN_MS, "DEVICE_MAX": box_online.DEVICE_MAX, "REPEAT_S": box_online.REPEAT_S}
    | {"ASK_AGAIN_S": asking.REPEAT_S, "PRESENCE_SIZE": online.PRESENCE_SIZE, "PAYMENT_SIZE": kinds.PAYMENT_SIZE}
    | named(sending, "READY_S", "CALL_AGAIN_S", "QUIET_S", "SILENCES", "ROUNDS_MAX")
    | named(broadcast, "STREAMS", "ANNOUNCEMENT", "GROUP")
    | named(coding, "SYMBOL_SIZE", "DATA_SYMBOLS")
    | {"CALLS": CALLS}
    | {"CARDS_FORM": cards.FORM, "OPERATORS_MAX": cards.OPERATORS_MAX, "AWAITED_LISTED_MAX": cards.AWAITED_MAX}
    | {"CAPPED_FORM": capped.FORM} | named(capped, "CAPPED_MAX", "UNTIL_UNDONE", "MEAL_FEN")
    | {"ENROLLED_FORM": enrolled.FORM, "PERSONS_MAX": enrolled.PERSONS_MAX}
    | {"WALLETS_FORM": wallets.FORM} | named(wallets, "USES_MAX", "ONE_MAX_FEN", "ENDED_MAX", "DAY_MAX_FEN")
    | {"CERTIFICATE_FORM": offline_code.FORM, "CODE_AGE_MAX_S": taken.CODE_AGE_MAX_S}
    | named(offline_code, "CERTIFICATE_SIZE", "CODE_SIZE", "CODE_DIGITS", "VALID_MAX_S")
    | {"REREAD_RUN": rereading.RUN, "REREAD_EVERY_S": rereading.EVERY_S}
    | named(order, "WHY_MAX", "LOCATE_MAX_S", "SILENCE_MAX_S", "REREAD_MAX")
)
"""By the name that the pages use."""


def text(page):
    return page.read_text(encoding="utf-8")


def vector_texts(value):
    if isinstance(value, dict):
        return {one for part in value.values() for one in vector_texts(part)}
    if isinstance(value, list):
        return {one for part in value for one in vector_texts(part)}
    return {value} if isinstance(value, str) else set()


def test_vectors_are_what_the_code_makes():
    frozen = {path.stem: json.loads(text(path)) for path in protocol.FOLDER.glob("*.json")}
    assert frozen == protocol.all_vectors()


def test_every_number_of_a_table_is_the_codes():
    found = [(page.name, name, float(value)) for page in PAGES for name, value in ROW.findall(text(page))]
    assert [row for row in found if NUMBERS.get(row[1]) != row[2]] == []
    assert {name for _, name, _ in found} == NUMBERS.keys()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_constant_that_is_named_stands_in_the_pages_own_table(page):
    said = text(page)
    assert set(NAMED.findall(said)) - {name for name, _ in ROW.findall(said)} == set()


def test_every_byte_shown_is_a_vector():
    vectors = vector_texts(protocol.all_vectors())
    shown = [(page.name, one) for page in PAGES for one in HEX.findall(text(page))]
    assert len(shown) > 40
    assert [one for one in shown if one[1] not in vectors] == []


def anchors(page):
    heads = re.findall(r"^#+ (.+)$", text(page), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", head.lower()).replace(" ", "-") for head in heads}


def test_every_clause_is_there():
    clauses = [check.clause for check in CHECKS] + [clause for _, clause, _ in LAWS]
    linked = [to for page in PAGES for to in re.findall(r"\]\(([a-z]+\.md#[a-z-]+)\)", text(page))]
    have = {f"{page.name}#{anchor}" for page in PAGES for anchor in anchors(page)}
    assert sorted({*clauses, *linked} - have) == []


def rows_of(page, pattern):
    return dict(re.findall(pattern, text(ROOT / "docs" / "protocol" / page), re.MULTILINE))


def by_name(kind: type[IntEnum]):
    return {one.name: str(one.value) for one in kind}


def test_tables_of_names_and_numbers():
    assert {v: k for k, v in rows_of("errors.md", r"^\| (\d+) \| ([A-Z_]+) \|").items()} == by_name(Refusal)
    assert rows_of("documents.md", r"^\| ([A-Z_]+) \| (\d+) \|$") == by_name(Verdict)
    assert rows_of("documents.md", r"^\| ([A-Z]+) \| \d+ \| (\d+) \|$") == {
        kind.name: str(most) for kind, most in LENGTH_MAX.items()
    }
    assert rows_of("documents.md", r"^\| ([A-Z]+) \| (\d+) \| \d+ \|$") == by_name(DocumentKind)
    assert rows_of("documents.md", r"^\| ([A-Z_]+) \| (\d) \|.* \|.+ \|$") == by_name(order.Verb)


def test_priorities_of_can():
    said = rows_of("links.md", r"^\| ([A-Z_, ]+) \| (\d) \|$")
    told = {Type[name]: int(number) for names, number in said.items() for name in names.split(", ")}
    assert told == {Type(kind): number for kind, number in node.TRAFFIC.items() if kind not in DOCUMENTS}
    assert {node.TRAFFIC[kind] for kind in DOCUMENTS} == {7}
    assert ids.BULK_PRIORITY == 6
