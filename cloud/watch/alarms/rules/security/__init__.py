"""安全: who tries what he may not."""

from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.rules.security import (
    block_prank,
    document_fork,
    enrol_stolen,
    enrol_wrong,
    failed_sign_ins,
    flood,
    foreign_box,
    forged,
    no_tls,
    revocation_unproved,
    revocations,
    session_taken,
    theft,
)

_OWN = (
    block_prank,
    document_fork,
    enrol_stolen,
    enrol_wrong,
    failed_sign_ins,
    flood,
    foreign_box,
    forged,
    no_tls,
    revocation_unproved,
    revocations,
    session_taken,
    theft,
)
RULES: tuple[Rule, ...] = tuple(one.RULE for one in _OWN)
