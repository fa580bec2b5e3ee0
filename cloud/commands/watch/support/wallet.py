"""The doctor's checks of the wallet: the front's zone, and until when providers' keys are believed."""

import time
from collections.abc import Iterator
from pathlib import Path

from cloud.payments.deposits.settings import keys_until
from cloud.process.settings import FOLDER, WALLET_FILE
from cloud.wallet.back.front_token import FRONT
from cloud.wallet.back.sms import door_of
from cloud.watch.notify.doors_file import close_doors, read_doors
from cloud.watch.notify.terms import Channel
from shared.errors import ConfigFault
from shared.keys.front_token import DIGEST_FILE, TOKEN_FILE, is_front
from shared.support import files
from shared.support.checks import Answer, Check, bad, care, good, unknown
from shared.words.voice import Text, told_by

KEYS_CARE_DAYS, DAY_S = 30, 86_400


def wallet_checks(data: Path) -> list[Check]:
    """In the order in which a person looks."""
    return [
        Check("wallet-front", Text("钱包前置的证书和令牌能用吗？", "are certificate and token of the front of use?"),
              lambda: _front(data)),
        Check("wallet-codes", Text("钱包的验证码发得出去吗？", "can the wallet send its codes?"),
              lambda: _codes(data / FOLDER)),
        Check("provider-keys", Text("支付渠道的公钥还认吗？", "are keys of payment providers still believed?"),
              lambda: _keys(data / FOLDER)),
    ]  # fmt: skip


def _front(data: Path) -> Iterator[Answer]:
    zone = data / FRONT
    if not (zone / WALLET_FILE).exists() and (data / FOLDER / WALLET_FILE).exists():
        yield good(Text("前置在自己的区里：./ykt server status", "the front is in its own zone: ./ykt server status"))
        return
    if not (zone / WALLET_FILE).exists():
        yield unknown(
            Text("前置不在本机", "the front is not on this machine"),
            Text("./ykt provision certificate wallet", "./ykt provision certificate wallet"),
        )
        return
    yield from files.key_pairs([("wallet", zone / WALLET_FILE, zone / "wallet.key")])
    yield from _token(data)


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


def _token(data: Path) -> Iterator[Answer]:
    try:
        digest = (data / FOLDER / DIGEST_FILE).read_text(encoding="ascii").strip()
        token = (data / FRONT / TOKEN_FILE).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        yield unknown(
            Text("还没有令牌：账户服务从未运行", "no token yet: the accounts service never ran"), None, TOKEN_FILE
        )
        return
    if is_front(digest, token):
        yield good(Text("账户服务认得", "the accounts service knows it"), TOKEN_FILE)
        return
    fix = Text(
        f"移开 DATA/cloud/{DIGEST_FILE}，重启账户服务与前置",
        f"move DATA/cloud/{DIGEST_FILE} away, restart accounts service and front",
    )
    yield bad(Text("不是账户服务的那一个", "is not the one that the accounts service knows"), fix, TOKEN_FILE)


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
