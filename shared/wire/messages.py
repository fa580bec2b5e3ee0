"""Messages between edge and cloud by one name for both ends: what the two lanes offer, and nothing else.

The values and their descriptions stand in lanes/, signed_answer.py, awaited.py, box_state.py and
revocation.py; how they are described: form/. Lanes: topics.py; version byte: codec.py. A new message is
imported from where it is described.
"""

from typing import Any

from shared.fleet.revocations import REVOKED_MAX, Revocations
from shared.wire.awaited import AWAITED_MAX, Awaited, awaited
from shared.wire.awaited import NOBODY as NOBODY_AWAITED
from shared.wire.box_state import READINGS, STATE, BoxState, TerminalState, decode_state, encode_state
from shared.wire.fleet_lane import FLEET
from shared.wire.form.fields import NONCE_SIZE
from shared.wire.form.layout import Layout, Message
from shared.wire.lanes.money_lane import (
    ACK,
    ACK_BODY,
    ACK_CONTEXT,
    BATCH,
    BATCH_MAX,
    CHAIN_HASH_SIZE,
    RANGES_MAX,
    AckBody,
    Batch,
    DeviceMark,
    Heads,
    Range,
    SignedAck,
    decode_ack,
    decode_ack_body,
    decode_batch,
    encode_ack,
    encode_ack_body,
    encode_batch,
)
from shared.wire.lanes.now_lane import (
    NOW,
    WHO_MAX,
    BackupMark,
    Bound,
    DeviceStatus,
    EpochAnswer,
    EpochRequest,
    EpochStatus,
    Fact,
    Hello,
    HelloWanted,
    LedgerTime,
    NowDown,
    NowUp,
    OnlineAnswer,
    OnlineRequest,
    RecordCopy,
    Recover,
    ReleaseUp,
    Swap,
    decode_bound,
    decode_now_down,
    decode_now_up,
    encode_now,
)
from shared.wire.lanes.release_lane import (
    LedgerVersions,
    NotUnderstood,
    ReleasePart,
    ReleasePartWanted,
    ReleaseSaid,
    ReleaseStage,
    ReleaseWanted,
    is_release_part,
)
from shared.wire.revocation import (
    REVOCATIONS_BODY,
    REVOCATIONS_CONTEXT,
    SignedRevocations,
    decode_revocations,
    encode_revocations,
    revocations_mark,
)
from shared.wire.signed_answer import SignedAnswer, covered
from shared.wire.tags import (
    EPOCH_MAX,
    EPOCHS_MAX,
    FORM_1,
    FORM_2,
    FORM_3,
    FORM_4,
    PAYLOAD_MAX,
    Tag,
)

MESSAGES: tuple[Message[Any], ...] = (BATCH, ACK, *NOW, *(one for one in FLEET if one not in NOW), READINGS, STATE)
"""All that there are, for docs/lanes.md, vectors and fuzz."""
BODIES: tuple[Layout[Any], ...] = (ACK_BODY, REVOCATIONS_BODY)
"""What is signed inside of a message."""

__all__ = [
    "ACK_CONTEXT",
    "AWAITED_MAX",
    "BATCH_MAX",
    "BODIES",
    "CHAIN_HASH_SIZE",
    "EPOCHS_MAX",
    "EPOCH_MAX",
    "FORM_1",
    "FORM_2",
    "FORM_3",
    "FORM_4",
    "MESSAGES",
    "NOBODY_AWAITED",
    "NONCE_SIZE",
    "PAYLOAD_MAX",
    "RANGES_MAX",
    "REVOCATIONS_CONTEXT",
    "REVOKED_MAX",
    "WHO_MAX",
    "AckBody",
    "Awaited",
    "BackupMark",
    "Batch",
    "Bound",
    "BoxState",
    "DeviceMark",
    "DeviceStatus",
    "EpochAnswer",
    "EpochRequest",
    "EpochStatus",
    "Fact",
    "Heads",
    "Hello",
    "HelloWanted",
    "LedgerTime",
    "LedgerVersions",
    "NotUnderstood",
    "NowDown",
    "NowUp",
    "OnlineAnswer",
    "OnlineRequest",
    "Range",
    "RecordCopy",
    "Recover",
    "ReleasePart",
    "ReleasePartWanted",
    "ReleaseSaid",
    "ReleaseStage",
    "ReleaseUp",
    "ReleaseWanted",
    "Revocations",
    "SignedAck",
    "SignedAnswer",
    "SignedRevocations",
    "Swap",
    "Tag",
    "TerminalState",
    "awaited",
    "covered",
    "decode_ack",
    "decode_ack_body",
    "decode_batch",
    "decode_bound",
    "decode_now_down",
    "decode_now_up",
    "decode_revocations",
    "decode_state",
    "encode_ack",
    "encode_ack_body",
    "encode_batch",
    "encode_now",
    "encode_revocations",
    "encode_state",
    "is_release_part",
    "revocations_mark",
]
