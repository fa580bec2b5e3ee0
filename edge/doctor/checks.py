"""The checks of one box: its machine, its files, its outbox, its lines, its broker, and how it says it is.

Nothing is made or changed. What a running box alone knows (who has joined) it writes into status.json of its run
folder, in memory; where there is none, nobody knows.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from edge.doctor.links import link_answers
from edge.outbox.opening import BALLAST, FILE
from edge.outbox.store import OutboxStore, connect_to_check
from edge.process.identity.place import NAME as PLACE
from edge.process.identity.place import place_of
from edge.process.standing import STATUS_FILE, STATUS_OLD_S
from edge.settings import BoxSettings, OutboxSetting, load
from edge.terminal.station.running import edge_of
from shared.errors import ConfigFault, StoreFault
from shared.input.endpoint import host_port
from shared.support import files, network
from shared.support.checks import Answer, Check, bad, care, good, unknown
from shared.support.machine import settings_of
from shared.words.voice import Text, told_by

CONF = Path("/etc/openykt/edge.conf")
CAP_CARE, CAP_BAD = 50, 90
"""Percent of the outbox's cap."""
OLDEST_CARE_S, OLDEST_BAD_S = 3600, 3 * 86_400
"""A box that was cut off for longer than a lunch is looked at; for days somebody must go there."""
_START = Text("启动网关：systemctl start openykt-edge；看日志：journalctl -u openykt-edge", "start it: systemctl start "
              "openykt-edge; its log: journalctl -u openykt-edge")  # fmt: skip


class Around(NamedTuple):
    """folder: the box's. run: where a running one says how it is. broker: HOST:PORT, '' where nobody has said here.

    conf: the installation's settings.
    """

    folder: Path
    run: Path
    broker: str = ""
    is_tls: bool = False
    conf: Path = CONF


def box_checks(around: Around) -> list[Check]:
    """All of the box itself, in the order in which a person looks."""
    folder = around.folder
    return [
        Check("data-folder", Text("网关目录在吗、能用吗？", "is the box's folder there, and of use?"),
              lambda: files.folder_there(folder)),
        Check("owners", Text("文件都属于同一个用户吗？", "do all files belong to one user?"),
              lambda: files.owners(folder)),
        Check("secret-modes", Text("钥匙只有属主能读吗？", "can keys be read by their owner alone?"),
              lambda: files.secret_modes(folder)),
        Check("settings", Text("edge.json 能用吗？", "can edge.json be used?"), lambda: _settings(folder)),
        Check("certificate", Text("证书有效吗？", "are certificates valid?"), lambda: _certificates(folder)),
        Check("certificate-key", Text("钥匙与证书成对吗？", "is each key that of its certificate?"),
              lambda: _pairs(folder)),
        Check("outbox", Text("发件箱能读吗、没有坏行吗？", "can the outbox be read, without a damaged row?"),
              lambda: _outbox(folder)),
        Check("outbox-depth", Text("有多少记录等着入账，最早的多久了？", "how many records wait, and for how long?"),
              lambda: _depth(folder)),
        Check("ballast", Text("磁盘写满时的余地还在吗？", "is the room for a full disk still there?"),
              lambda: _ballast(folder)),
        Check("running", Text("网关在运行吗？", "does the box run?"), lambda: _running(folder)),
        Check("broker", Text("连得上消息代理吗？", "can the broker be reached?"), lambda: _broker(around)),
        Check("terminals", Text("终端都接入了吗？", "have its terminals joined?"), lambda: _joined(around)),
        Check("lines", Text("线路在吗、有没有出错？", "are its lines there, and without errors?"),
              lambda: link_answers(load(folder / "edge.json").links)),
    ]  # fmt: skip


def _settings(folder: Path) -> Iterator[Answer]:
    file = folder / "edge.json"
    try:
        found = load(file)
    except ConfigFault as fault:
        fix = Text(f"从备份或发行材料放回 {file}", f"put {file} back, from a backup or from provisioning")
        yield bad(told_by(fault), fix)
        return
    if found.box != folder.name:
        yield bad(
            Text(f"这是 {found.box} 的设置", f"these are the settings of {found.box}"),
            Text("放回本网关自己的 edge.json", "put this box's own edge.json back"),
        )
        return
    yield good(Text(f"{found.box}：{len(found.links)} 条线路，{len(found.terminals)} 台终端", f"{found.box}: "
               f"{len(found.links)} lines, {len(found.terminals)} terminals"))  # fmt: skip
    if found.demo:
        yield care(
            Text("这是演示数据，不能用于正式收款", "these are data of a demonstration, not for real money"),
            Text("正式启用须做密钥仪式：docs/ceremony.md", "production begins with a key ceremony: docs/ceremony.md"),
            "demo",
        )


def _certificates(folder: Path) -> Iterator[Answer]:
    named = [(name, folder / f"{name}.pem") for name in ("box", "ca")]
    link = folder / "link.pem"
    more = [("link", link)] if link.exists() else []
    yield from files.certificates([*named, *more], files.now(), folder / "ca.pem", ("box",))


def _pairs(folder: Path) -> Iterator[Answer]:
    names = ["box", *(["link"] if (folder / "link.pem").exists() else [])]
    yield from files.key_pairs((name, folder / f"{name}.pem", folder / f"{name}.key") for name in names)


def _opened(folder: Path) -> OutboxStore:
    return OutboxStore(connect_to_check(folder / FILE), OutboxSetting(), bytes(8))


def _outbox(folder: Path) -> Iterator[Answer]:
    if not (folder / FILE).exists():
        yield unknown(Text("尚无发件箱：网关从未运行", "there is no outbox: the box never ran"), _START)
        return
    if not (folder / FILE).stat().st_size:
        yield bad(Text("发件箱是空文件，内容没了", "the outbox is an empty file: what was in it is gone"), _KEEP_OUTBOX)
        return
    try:
        store = _opened(folder)
        damages = store.check()
        store.close()
    except StoreFault as fault:
        yield bad(told_by(fault), _KEEP_OUTBOX)
        return
    if damages:
        rows = ", ".join(str(damage.row) for damage in damages[:3])
        yield bad(Text(f"{len(damages)} 行损坏：{rows}", f"{len(damages)} damaged rows: {rows}"), _KEEP_OUTBOX)
    else:
        yield good(Text("每一行都完好", "every row is sound"))


_KEEP_OUTBOX = Text(
    "不要删除：先复制走 outbox.db*，再重启网关，它把坏文件放到一边，终端重送未结清的；然后 ./ykt verify",
    "do not delete it: copy outbox.db* away, then start the box again: it puts the file aside, and terminals send "
    "again what is not settled; then ./ykt verify",
)


def _depth(folder: Path) -> Iterator[Answer]:
    store = _opened(folder)
    depth = store.depth()
    store.close()
    cap = _cap(folder)
    share = 100 * depth.unsettled // cap
    age_s = max(0, int(time.time() - depth.oldest_ms / 1000)) if depth.oldest_ms else 0
    said = Text(
        f"{depth.unsettled} 条等着入账（上限的 {share} %），最早的 {age_s // 60} 分钟前",
        f"{depth.unsettled} wait ({share} % of the cap), the oldest for {age_s // 60} min",
    )
    fix = Text(
        "看 broker 一项；中心能连上后会自己送完",
        "see the check `broker`; they go by themselves once the centre is reached",
    )
    if share >= CAP_BAD or age_s >= OLDEST_BAD_S:
        yield bad(said, fix)
    elif share >= CAP_CARE or age_s >= OLDEST_CARE_S:
        yield care(said, fix)
    else:
        yield good(said)


def _cap(folder: Path) -> int:
    try:
        return load(folder / "edge.json").outbox.unsettled_max
    except ConfigFault:
        return OutboxSetting().unsettled_max


def _ballast(folder: Path) -> Iterator[Answer]:
    wanted = _limits(folder).ballast_bytes
    size = (folder / BALLAST).stat().st_size if (folder / BALLAST).exists() else 0
    if size >= wanted:
        yield good(Text(f"{size >> 20} MiB", f"{size >> 20} MiB"))
    elif not (folder / FILE).exists():
        yield unknown(Text("尚未建立：网关从未运行", "not made yet: the box never ran"), _START)
    else:
        yield bad(
            Text("已用掉：磁盘曾写满", "used up: the disk was full"),
            Text("腾出磁盘，网关随后自己补上", "make room on the disk; the box makes it again by itself"),
        )


def _limits(folder: Path) -> OutboxSetting:
    try:
        return load(folder / "edge.json").outbox
    except ConfigFault:
        return OutboxSetting()


def _running(folder: Path) -> Iterator[Answer]:
    found = files.lock_of(folder / "edge.lock", Text("网关进程", "the box's process"))
    yield found if found.fix is None else found._replace(fix=_START)


def _broker(around: Around) -> Iterator[Answer]:
    try:
        found = _place(around)
    except ConfigFault as fault:
        told = fault.args[0] if isinstance(fault.args[0], Text) else Text(str(fault), str(fault))
        yield bad(
            told,
            Text(
                f"改正它；{PLACE} 损坏：放回备份，或用新码再入网",
                f"mend it; {PLACE} that is damaged: put it back, or enrol by a new code",
            ),
        )
        return
    if found is None:
        yield unknown(
            Text("不知道代理在哪里", "nobody has said where it is"),
            Text(
                "写入 /etc/openykt/edge.conf 的 BROKER，或用 --broker",
                "write BROKER into /etc/openykt/edge.conf, or use --broker",
            ),
        )
        return
    (host, port), is_tls = found
    folder = around.folder
    pair = network.Pair(folder / "ca.pem", folder / "box.pem", folder / "box.key") if is_tls else None
    yield from network.broker(host, port, pair)


def _place(around: Around) -> tuple[tuple[str, int], bool] | None:
    """As it was said; else as the installation has it, as the box was told when it was enrolled, or as it runs."""
    if around.broker:
        return host_port(around.broker, "--broker"), around.is_tls
    said = settings_of(around.conf.read_text(encoding="utf-8", errors="replace")) if around.conf.is_file() else {}
    if said.get("BROKER"):
        return host_port(said["BROKER"], str(around.conf)), True
    enrolled = place_of(around.folder)
    if enrolled is not None:
        return host_port(enrolled.broker, PLACE), True
    process = edge_of(around.folder.parents[1], around.folder.name)
    if process is None or not process.option("--broker"):
        return None
    return host_port(process.option("--broker"), "--broker"), "--tls" in process.words


def _joined(around: Around) -> Iterator[Answer]:
    said = _said(around.run / STATUS_FILE)
    if said is None:
        yield unknown(
            Text("运行中的网关没有留下近况", "no running box has told lately"),
            Text(
                "在集控平台的设备页看，或先看 running 一项", "see the console's devices, or the check `running` first"
            ),
        )
        return
    wanted, joined = len(_registered(around.folder)), int(said.get("joined", 0))
    text = Text(f"{joined}/{wanted} 台已接入", f"{joined} of {wanted} have joined")
    if joined >= wanted:
        yield good(text)
    else:
        yield care(
            text,
            Text("到集控平台看是哪几台，再查其电源与线路", "see in the console which are missing, then power and line"),
        )


def _registered(folder: Path) -> tuple[object, ...]:
    found: BoxSettings = load(folder / "edge.json")
    return found.terminals


def _said(file: Path) -> dict[str, Any] | None:
    """None: nothing, or too old to say anything about now."""
    try:
        if time.time() - file.stat().st_mtime > STATUS_OLD_S:
            return None
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
