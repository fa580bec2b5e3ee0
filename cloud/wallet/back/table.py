"""Every operation of the accounts service by its name. A family is one file; a new one is a line here."""

from collections.abc import Mapping

from cloud.wallet.back import home
from cloud.wallet.back.context import Operation
from cloud.wallet.back.holder import apps, disputes, erasure, limits, messages, privacy, split
from cloud.wallet.back.losses import classes, nights, reporting
from cloud.wallet.back.money import deposits, held, offline, payments, receipts, stall, statement
from cloud.wallet.back.who import binding, identity, passkeys, proving, sign_in, sign_on

FAMILIES = (
    sign_in.OPERATIONS, sign_on.OPERATIONS, identity.OPERATIONS, binding.OPERATIONS, home.OPERATIONS,
    statement.OPERATIONS, reporting.OPERATIONS,
    passkeys.OPERATIONS, proving.OPERATIONS,
    payments.OPERATIONS, held.OPERATIONS, deposits.OPERATIONS, offline.OPERATIONS,
    split.OPERATIONS,
    privacy.OPERATIONS, disputes.OPERATIONS, limits.OPERATIONS, messages.OPERATIONS, stall.OPERATIONS,
    receipts.OPERATIONS, erasure.OPERATIONS, nights.OPERATIONS, classes.OPERATIONS, apps.OPERATIONS,
)  # fmt: skip
OPERATIONS: Mapping[str, Operation] = {name: one for family in FAMILIES for name, one in family.items()}
