"""The doctor's checks of the wallet: the front's zone, and until when providers' keys are believed."""

import time
from collections.abc import Iterator
from pathlib import Path

from cloud.commands.watch.support.zones import zone_answers
from cloud.payments.deposits.settings import keys_until
from cloud.process.settings import FOLDER
from cloud.wallet.back.sms import door_of
from cloud.watch.notify.doors_file import close_doors, read_doors
from cloud.watch.notify.terms import Channel
from shared.errors import ConfigFault
from shared.keys.front_token import WALLET
from shared.support.checks import Answer, Check, bad, care, good
from shared.words.voice import Text, told_by

KEYS_CARE_DAYS, DAY_S = 30, 86_400


def wallet_checks(data: Path) -> list[Check]:
    """In the order in which a person looks."""
    return [
        Check("wallet-front", Text("钱包前置的证书和令牌能用吗？", "are certificate and token of the front of use?"),
              lambda: zone_answers(data, WALLET, "wallet")),
        Check("wallet-codes", Text("钱包的验证码发得出去吗？", "can the wallet send its codes?"),
              lambda: _codes(data / FOLDER)),
        Check("provider-keys", Text("支付渠道的公钥还认吗？", "are keys of payment providers still believed?"),
              lambda: _keys(data / FOLDER)),
    ]  # fmt: skip


def _codes(folder: Path) -> Iterator[Answer]:
    """Whether anybody takes them the watch tells: the same way sends its messages."""
    fix = Text(
        "在 DATA/cloud/channels.toml 写短信的 http 或 smpp，重启账户服务（docs/ways.md）",
        "name SMS by http or smpp in DATA/cloud/channels.toml, restart the accounts service (docs/ways.md)",
    )
    try:
        doors = read_doors(folder)
    except ConfigFault as fault:
        yield bad(told_by(fault), fix)
        return
    close_doors(doors)
    if door_of(folder) is not None:
        yield good(Text("有短信通道", "there is a way"))
    elif Channel.SMS in doors:
        yield care(Text("modem 只归值守：钱包发不出", "a modem is the watch's alone: the wallet has none"), fix)
    else:
        yield care(Text("没有短信通道：凭口令、通行密钥、信件", "no way: passwords, passkeys, letters"), fix)


def _keys(folder: Path) -> Iterator[Answer]:
    fix = Text(
        "换上渠道的新公钥并重启（docs/deposits.md）", "put the provider's new key in, restart (docs/deposits.md)"
    )
    try:
        found = keys_until(folder)
    except ConfigFault as fault:
        yield bad(told_by(fault), fix)
        return
    if not found:
        yield good(Text("没有接支付渠道，或公钥没有期限", "no provider is named, or no key of one ends"))
    for provider, until_s in found.items():
        days = int((until_s - time.time()) // DAY_S)
        said = Text(f"最后一把还认 {days} 天", f"its last key is believed {days} days more")
        if days < 0:
            yield bad(Text("没有一把还认的公钥", "none of its keys is believed any more"), fix, provider)
        else:
            yield care(said, fix, provider) if days < KEYS_CARE_DAYS else good(said, provider)
