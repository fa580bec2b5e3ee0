"""The checks of a server: its machine, its files, its ledger, its services, its backup, what boxes say.

Each opens for itself what it needs and lets it go; nothing is made that is not there.
"""

import time
from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path

from cloud.commands.chains.backups import pgbackrest
from cloud.commands.watch.support.identity import identity_checks
from cloud.commands.watch.support.open_platform import open_checks
from cloud.commands.watch.support.places import Around, place_of, services
from cloud.commands.watch.support.wallet import wallet_checks
from cloud.ledger.read.reader import open_reader
from cloud.ledger.schema.migrate import HEAD, require_head
from cloud.process.settings import FILE, FOLDER, load_settings
from cloud.store.db import Database, open_database, read_file
from cloud.watch.metrics.settings import read_metric_store
from cloud.watch.notify.doors_file import close_doors, read_doors
from cloud.watch.store import FILE as WATCH_FILE
from cloud.watch.subjects.marks import MARK, OPENS, backup_of, finished, place_of_backup, read_proof, read_said
from shared.errors import ConfigFault, YktError
from shared.support import files, network
from shared.support.checks import Answer, Check, bad, care, good, unknown
from shared.support.machine import machine_checks
from shared.words.voice import Text, told_by

BACKUP_CARE_H, BACKUP_BAD_H = 26, 72
BEAT_CARE_S = 60
MESSAGES_CARE_S = 900
SILENT_S = 120
JOINED = "joined"
OWED_CARE_S = 3600
_UP = Text(
    "看服务：./ykt status；日志在 log/ 或 journalctl", "see the services: ./ykt status; logs: log/ or journalctl"
)


def server_checks(around: Around) -> list[Check]:
    """All of them, in the order in which a person looks."""
    data, folder = around.data, around.data / FOLDER
    return [
        Check("data-folder", Text("数据目录在吗、能用吗？", "is the data folder there, and of use?"),
              lambda: files.folder_there(data)),
        Check("owners", Text("文件都属于同一个用户吗？", "do all files belong to one user?"),
              lambda: files.owners(folder)),
        Check("secret-modes", Text("钥匙只有属主能读吗？", "can keys be read by their owner alone?"),
              lambda: files.secret_modes(data)),
        Check("settings", Text("cloud.json 能用吗？", "can cloud.json be used?"), lambda: _settings(data)),
        Check("settings-more", Text("其余设置能用吗？", "can the other settings be used?"), lambda: _more(folder)),
        *identity_checks(data),
        Check("ledger", Text("账本读得到吗、版本对吗？", "can the ledger be read, and is its schema ours?"),
              lambda: _ledger(around)),
        Check("store-files", Text("值守、控制台、对接的库完好吗？", "are the databases beside it sound?"),
              lambda: _stores(folder)),
        Check("keys", Text("密钥进程应答吗？", "does the key process answer?"), lambda: _answering(around, "keys")),
        Check("broker", Text("连得上消息代理吗？", "can the broker be reached?"), lambda: _broker(around)),
        Check("services", Text("其余服务应答吗？", "do the other services answer?"), lambda: _services(around)),
        Check("watch", Text("值守在看着吗？", "does the watch look?"), lambda: _watch(folder)),
        Check("alarms", Text("有没有未消的报警？", "do alarms stand?"), lambda: _alarms(folder)),
        Check("messages", Text("报警消息送得出去吗？", "do messages of alarms get out?"), lambda: _messages(folder)),
        Check("backup", Text("最近一次备份是什么时候？", "when was the last backup?"), lambda: _backup(folder)),
        Check("key-backup", Text("密钥封存了吗、纸上口令对吗？", "are keys sealed, and is the paper right?"),
              lambda: _paper(folder)),
        Check("boxes", Text("各网关有消息吗、欠着多少？", "are boxes heard, and what do they owe?"),
              lambda: _boxes(around)),
        Check("terminals", Text("终端都接入了吗？", "have terminals joined?"), lambda: _terminals(around)),
        Check("versions", Text("终端的版本一致吗？", "are terminals of one release?"), lambda: _versions(around)),
        *wallet_checks(data),
        *open_checks(data),
        *machine_checks(data),
    ]  # fmt: skip


def _settings(data: Path) -> Iterator[Answer]:
    file = data / FOLDER / FILE
    try:
        found = load_settings(data)
    except ConfigFault as fault:
        yield bad(
            told_by(fault), Text(f"从备份或发行材料放回 {file}", f"put {file} back, from a backup or from provisioning")
        )
        return
    yield good(Text(found.name, f"campus {found.campus}"))
    if found.demo:
        yield care(
            Text("这是演示数据，不能用于正式收款", "these are data of a demonstration, not for real money"),
            Text("正式启用须做密钥仪式：docs/ceremony.md", "production begins with a key ceremony: docs/ceremony.md"),
            "demo",
        )


def _more(folder: Path) -> Iterator[Answer]:
    """What a school may have written itself."""
    for name, read in _READ.items():
        try:
            read(folder)
        except ConfigFault as fault:
            yield bad(
                told_by(fault),
                Text(f"改正 {folder}，格式见 docs/ways.md", f"mend it in {folder}; its form: docs/ways.md"),
                name,
            )
        else:
            yield good(Text("能用，或没有写", "can be used, or is not there"), name)


def _doors(folder: Path) -> None:
    close_doors(read_doors(folder))


_READ = {"notify": _doors, "watch.toml": read_said, "metrics.toml": read_metric_store}


def _ledger(around: Around) -> Iterator[Answer]:
    found, where = load_settings(around.data), "://"
    try:
        where = found.dsn(around.dsn)
        if "://" not in where and Path(where).exists() and not Path(where).stat().st_size:
            yield bad(Text("是空文件，账没了", "is an empty file: the books are gone"), _FILE_BACK)
            return
        with closing(open_database(found.books(around.dsn), create=False)) as database:
            yield from _opened(database, found.campus)
    except YktError as fault:
        yield bad(told_by(fault), _FILE_BACK if "://" not in where else _SERVER_UP)


_SERVER_UP = Text(
    "看数据库是否在运行，DATA/cloud/ledger.dsn 指到哪里",
    "see whether the database runs, and where DATA/cloud/ledger.dsn leads",
)
_FILE_BACK = Text(
    "停下各服务，移开 ledger.db*（不要删），从备份放回：./ykt cloud backup restore",
    "stop the services, move ledger.db* away (do not remove it), put it back: ./ykt cloud backup restore",
)


def _opened(database: Database, campus: int) -> Iterator[Answer]:
    try:
        require_head(database)
    except ConfigFault as fault:
        yield bad(told_by(fault), Text("照所说的做：docs/upgrade.md", "do as it says: docs/upgrade.md"))
        return
    with database.reading():
        found = str(database.run("SELECT version_num FROM alembic_version")[0][0])
        of = [str(row[0]) for row in database.run("SELECT value FROM meta WHERE name = 'campus'")]
    if of not in ([], [str(campus)]):
        yield bad(
            Text(f"账本是校园 {of[0]} 的，本校是 {campus}", f"the ledger is of campus {of[0]}, this one is {campus}"),
            Text("放回本校的账本或 ledger.dsn", "put this campus's own ledger, or ledger.dsn, back"),
        )
    elif found == HEAD:
        yield good(Text(f"读得到，版本 {found}", f"it can be read, schema {found}"))
    else:
        yield care(
            Text(
                f"账本版本 {found} 比本程序（{HEAD}）新，还能打开",
                f"its schema {found} is newer than this program ({HEAD}), and opens",
            ),
            Text(
                "装上与账本同版的程序（docs/upgrade.md）", "install the release that the ledger is of (docs/upgrade.md)"
            ),
        )


def _dsn(around: Around) -> str:
    return load_settings(around.data).books(around.dsn)


def _stores(folder: Path) -> Iterator[Answer]:
    for name in ("watch.db", "console.db", "docking.db", "people.db", "open.db"):
        file = folder / name
        if not file.exists():
            yield unknown(Text("还没有：那个服务从未运行", "not there: its service never ran"), None, name)
            continue
        if not file.stat().st_size:
            yield bad(Text("是空文件，内容没了", "is an empty file: what was in it is gone"), _restore(name), name)
            continue
        try:
            found = read_file(file, "PRAGMA quick_check(1)")
        except YktError as fault:
            yield bad(told_by(fault), _restore(name), name)
            continue
        if found and found[0][0] == "ok":
            yield good(Text("完好", "sound"), name)
        else:
            yield bad(Text("损坏", "damaged"), _restore(name), name)


def _restore(name: str) -> Text:
    return Text(
        f"停下它的服务，移开 {name}，从备份放回：./ykt cloud backup restore",
        f"stop its service, move {name} away, put it back from a backup: ./ykt cloud backup restore",
    )


def _answering(around: Around, name: str) -> Iterator[Answer]:
    place = place_of(around, name)
    if place is None:
        yield unknown(
            Text("不知道它在哪里", "nobody has said where it is"), Text(f"用 --{name} 指明", f"name it with --{name}")
        )
    elif network.answers(place):
        yield good(Text("应答", "it answers"))
    else:
        yield bad(Text("不应答", "it does not answer"), _UP)


def _broker(around: Around) -> Iterator[Answer]:
    place = place_of(around, "broker")
    if not isinstance(place, tuple):
        yield unknown(
            Text("不知道它在哪里", "nobody has said where it is"), Text("用 --broker 指明", "name it with --broker")
        )
        return
    found = load_settings(around.data)
    pair = network.Pair(found.tls.ca, found.tls.certificate, found.tls.key) if around.is_tls else None
    yield from network.broker(*place, pair)


def _services(around: Around) -> Iterator[Answer]:
    found = {name: place for name, place in services(around).items() if name not in ("keys", "broker")}
    if not found:
        yield unknown(Text("值守没有记下任何服务", "the watch has noted no service"), _UP)
    for name, place in found.items():
        yield (
            good(Text("应答", "answers"), name)
            if network.answers(place)
            else bad(Text("不应答", "does not answer"), _UP, name)
        )


def _watch(folder: Path) -> Iterator[Answer]:
    beats = read_file(folder / WATCH_FILE, "SELECT value FROM mark WHERE name = 'beat'")
    age_s = int(time.time() - beats[0][0] / 1000) if beats else None
    if age_s is None:
        yield unknown(Text("从未看过", "it never looked"), _UP)
    elif age_s > BEAT_CARE_S:
        yield bad(
            Text(f"{age_s} 秒没有看了：没有人报警", f"it has not looked for {age_s} s: nobody raises alarms"), _UP
        )
    else:
        yield good(Text(f"{age_s} 秒前看过", f"it looked {age_s} s ago"))


def _alarms(folder: Path) -> Iterator[Answer]:
    """Buses, terminals, money and machines are the watch's to judge; here is only how many stand, and the oldest."""
    rows = read_file(
        folder / WATCH_FILE,
        "SELECT rule, source, grade FROM alarm WHERE is_active = 1 AND suppressed_by = '' AND stopped_by = '' "
        "ORDER BY since_ms",
    )
    if not rows:
        yield good(Text("没有", "none"))
        return
    rule, source, grade = rows[0]
    yield care(
        Text(
            f"{len(rows)} 个，最早的：{rule} {source}（{grade}）", f"{len(rows)}, the oldest: {rule} {source} ({grade})"
        ),
        Text("./ykt cloud alarms，逐个处理", "./ykt cloud alarms, one after the other"),
    )


def _messages(folder: Path) -> Iterator[Answer]:
    rows = read_file(folder / WATCH_FILE, "SELECT COUNT(*), MIN(made_ms) FROM message WHERE state = 'waiting'")
    waiting, oldest_ms = rows[0]
    age_s = int(time.time() - oldest_ms / 1000) if oldest_ms else 0
    if age_s > MESSAGES_CARE_S:
        yield bad(
            Text(f"{waiting} 条等着，最早的 {age_s // 60} 分钟了", f"{waiting} wait, the oldest for {age_s // 60} min"),
            Text(
                "试发：./ykt cloud notify test，看邮件、短信网关是否在",
                "try a way: ./ykt cloud notify test; see whether mail and SMS gateways answer",
            ),
        )
    else:
        yield good(Text(f"{waiting} 条等着", f"{waiting} wait"))


def _backup(folder: Path) -> Iterator[Answer]:
    fix = Text(
        "每天运行：./ykt cloud backup --to 目录（docs/backup.md）",
        "run it each day: ./ykt cloud backup --to FOLDER (docs/backup.md)",
    )
    at_ms = finished(folder / MARK)
    if at_ms is None:
        yield unknown(Text("没有备份的记录", "there is no mark of a backup"), fix)
        return
    age_h = int((time.time() - at_ms / 1000) / 3600)
    said = Text(f"{age_h} 小时前", f"{age_h} h ago")
    if age_h < 0:
        said = Text(f"做于 {-age_h} 小时之后", f"made {-age_h} h from now")
        yield bad(said, Text("看时钟，再做一份", "look at the clock, then make another one"))
    elif _is_away(backup_of(folder / MARK)):
        gone = Text("最近一份已不在原处", "the last one is no longer where it was made")
        yield bad(gone, Text("备份盘挂上了吗？否则立即再做一份", "is its disk mounted? else make another one at once"))
    elif age_h >= BACKUP_BAD_H:
        yield bad(said, fix)
    elif age_h >= BACKUP_CARE_H:
        yield care(said, fix)
    else:
        yield good(said)
    yield from _reach(folder)


def _is_away(made: Path | None) -> bool:
    """Where not even its place is to be seen, as beside a container of a school's server, nothing is known of it."""
    return made is not None and made.parent.is_dir() and not made.exists()


def _reach(folder: Path) -> Iterator[Answer]:
    """Of PostgreSQL: from when until when any second can be put back."""
    to = place_of_backup(folder / MARK)
    if to is None or not (to / pgbackrest.CONF).is_file():
        return
    reach = pgbackrest.span(pgbackrest.repository(to, folder.parent))
    fix = Text("做一份：./ykt cloud backup --to 目录", "make one: ./ykt cloud backup --to FOLDER")
    if reach is None:
        yield bad(Text("备份库里没有备份", "no backup is in the repository"), fix, "span")
    else:
        yield good(Text(f"可还原到任一秒：{reach.text}", f"any second can be put back: {reach.text}"), "span")


def _paper(folder: Path) -> Iterator[Answer]:
    proof, seal = read_proof(folder), "./ykt cloud backup keys --to"
    if proof is None:
        fix = Text(
            f"{seal} 目录；容器里：./ykt server backup DIR keys（docs/backup.md）",
            f"{seal} FOLDER; in containers: ./ykt server backup DIR keys (docs/backup.md)",
        )
        yield unknown(Text("密钥与配置没有封存过", "keys and configuration were never sealed"), fix)
    elif proof.is_good(int(time.time() * 1000)):
        yield good(Text("封存过，口令按纸证明过", "they are sealed, and the paper is proven"))
    elif proof.proven_ms is None:
        then = f"{seal} … ; ./ykt cloud backup prove --to …"
        yield bad(
            Text(f"口令未经证明，或封存里没有 {OPENS}", f"the paper is not proven, or what is sealed lacks {OPENS}"),
            Text(f"再封存一次，按纸上重输：{then}", f"seal the keys once more, type it from the paper: {then}"),
        )
    else:
        then = "./ykt cloud backup prove --to"
        yield bad(
            Text("口令的证明已过一学期", "the paper was not proven within a term"),
            Text(f"按纸上重输：{then} 目录", f"type it from the paper: {then} FOLDER"),
        )


def _boxes(around: Around) -> Iterator[Answer]:
    with closing(open_reader(_dsn(around))) as reader:
        boxes = reader.boxes()
    if not boxes:
        yield unknown(
            Text("账本里没有登记网关", "no box is registered in the ledger"),
            Text("./ykt cloud import", "./ykt cloud import"),
        )
    for box in boxes:
        silent_s = int(time.time() - box.heard_ms / 1000) if box.heard_ms else None
        fix = Text("到网关旁运行 openykt edge doctor", "run openykt edge doctor at the box")
        if silent_s is None:
            yield unknown(Text("从未有消息", "was never heard"), fix, box.box)
        elif silent_s > SILENT_S:
            yield bad(Text(f"{silent_s // 60} 分钟没有消息", f"not heard for {silent_s // 60} min"), fix, box.box)
        else:
            unsettled = box.state.unsettled if box.state is not None else 0
            oldest_s = box.state.oldest_unsettled_ms // 1000 if box.state is not None else 0
            said = Text(f"{unsettled} 条等着入账", f"{unsettled} records wait")
            yield care(said, fix, box.box) if oldest_s > OWED_CARE_S else good(said, box.box)


def _terminals(around: Around) -> Iterator[Answer]:
    with closing(open_reader(_dsn(around))) as reader:
        boxes = [box for box in reader.boxes() if box.state is not None]
    if not boxes:
        yield unknown(Text("网关还没有说过", "no box has said so yet"))
    for box in boxes:
        found = box.state.terminals if box.state is not None else ()
        joined = sum(one.state == JOINED for one in found)
        said = Text(f"{joined}/{len(found)} 台已接入", f"{joined} of {len(found)} have joined")
        if joined == len(found):
            yield good(said, box.box)
        else:
            fix = Text("集控平台的设备页写明是哪几台、自何时", "the console's devices say which, and since when")
            yield care(said, fix, box.box)


def _versions(around: Around) -> Iterator[Answer]:
    with closing(open_reader(_dsn(around))) as reader:
        running = sorted(reader.fleet.firmware().running.values())
    found = {release: len(list(same)) for release, same in groupby(running)}
    said = ", ".join(f"{release}: {number}" for release, number in found.items())
    if not found:
        yield unknown(Text("终端还没有说过自己的版本", "no terminal has said its release yet"))
    elif len(found) > 1:
        yield care(
            Text(f"并存 {said}", f"side by side {said}"),
            Text(
                "看滚动升级是否停住：./ykt cloud firmware", "see whether a roll-out stands still: ./ykt cloud firmware"
            ),
        )
    else:
        yield good(Text(said, said))
