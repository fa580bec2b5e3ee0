"""The doctor's checks of the open platform: its certificate, the key of its webhooks, what was given up."""

from collections.abc import Iterator
from pathlib import Path

from cloud.commands.watch.support.zones import zone_answers
from cloud.open.store.deliveries import Standing
from cloud.open.store.schema import FILE
from cloud.process.settings import FOLDER, OPEN_FILE
from cloud.store.db import read_file
from shared.errors import YktError
from shared.keys.front_token import OPEN
from shared.keys.webhook_key import SEED_SIZE, WEBHOOK_KEY
from shared.support.checks import Answer, Check, bad, care, good
from shared.words.voice import Text, told_by

_NONE = Text("开放平台没有打开过", "there was never an open platform")


def open_checks(data: Path) -> list[Check]:
    """In the order in which a person looks. On a school's server, where the key of webhooks lies in another zone, keys
    are not asked of: nothing of them can be read here, and `./ykt server doctor` does."""
    signer = data / FOLDER / WEBHOOK_KEY
    is_elsewhere = signer.is_symlink() and not signer.exists()
    keys = Check("open-keys", Text("开放平台的证书和回调钥匙能用吗？", "are the open platform's keys of use?"),
                 lambda: _keys(data))  # fmt: skip
    return [
        *([] if is_elsewhere else [keys]),
        Check("webhooks", Text("回调都送到了吗？", "were webhooks heard?"), lambda: _webhooks(data / FOLDER / FILE)),
    ]  # fmt: skip


def _keys(data: Path) -> Iterator[Answer]:
    signer = data / FOLDER / WEBHOOK_KEY
    if (data / OPEN.folder).is_dir() or any((data / FOLDER / name).exists() for name in (OPEN.digest, OPEN_FILE)):
        yield from zone_answers(data, OPEN, "open")
    if not signer.exists():
        yield good(_NONE)
    elif signer.stat().st_size != SEED_SIZE:
        fix = Text("移开它，重启账户服务：会另造一把", "move it away, restart the accounts service: it makes one")
        yield bad(Text("已损坏", "is damaged"), fix, WEBHOOK_KEY)
    else:
        yield good(Text("能用", "can be used"), WEBHOOK_KEY)


def _webhooks(file: Path) -> Iterator[Answer]:
    if not file.exists():
        yield good(_NONE)
        return
    sql = f"SELECT app, COUNT(*) FROM delivery WHERE state = {int(Standing.DEAD)} GROUP BY app ORDER BY app"  # noqa: S608
    try:
        found = read_file(file, sql)
    except YktError as fault:
        yield bad(told_by(fault), Text("从备份放回 open.db", "put open.db back, from a backup"))
        return
    fix = Text("问接收方，然后 ./ykt cloud open webhook replay", "ask who receives; ./ykt cloud open webhook replay")
    for app, number in found:
        yield care(Text(f"放弃了 {number} 条", f"{number} were given up"), fix, str(app))
    if not found:
        yield good(Text("没有放弃的", "none was given up"))
