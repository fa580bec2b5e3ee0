"""安全: who tries what he may not."""

from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.rules.security import (
    document_fork,
    failed_sign_ins,
    flood,
    foreign_box,
    forged,
    no_tls,
    revocations,
    session_taken,
    theft,
)

_OWN = (
    document_fork,
    failed_sign_ins,
    flood,
    foreign_box,
    forged,
    no_tls,
    revocations,
    session_taken,
    theft,
)
RULES: tuple[Rule, ...] = tuple(one.RULE for one in _OWN)
