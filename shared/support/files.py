"""Checks of the files of an installation: whose they are, who may read them, what they say, what runs out."""

import json
import os
import stat
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from shared.clocks.expiry import REMIND_DAYS, URGENT_DAYS
from shared.support.checks import Answer, bad, care, good, unknown
from shared.words.voice import Text

OTHERS = 0o077
SECRETS = (
    "*.key", "*.login", "*.token", "*.keys", "edge.json", "terminal.json", "unlock", "ledger.dsn", "*.passwords",
    "*.secret", "front/token", "open/token", "secrets/token", "payments/*.pem",
)  # fmt: skip
"""Names of files whose content is for their owner alone."""
NAMED_MAX = 3
"""Files named in one answer."""
JSON_MAX = 16_000_000


def folder_there(folder: Path) -> Iterator[Answer]:
    """It is there, it is ours, and we may write in it."""
    try:
        found = folder.stat()
    except FileNotFoundError:
        yield bad(
            Text(f"{folder} 不存在", f"{folder} is not there"),
            Text("用 --data 指明数据目录，或从备份还原", "name the data folder with --data, or restore a backup"),
        )
        return
    if not stat.S_ISDIR(found.st_mode):
        yield bad(
            Text(f"{folder} 不是目录", f"{folder} is no folder"),
            Text("把这个文件移开，从备份还原目录", "move that file away and restore the folder from a backup"),
        )
    elif os.statvfs(folder).f_flag & os.ST_RDONLY:
        yield bad(
            Text(f"{folder} 在只读的盘上", f"{folder} is on a disk that is mounted read-only"),
            writable_again(f"$(findmnt -no TARGET -T {folder})"),
        )
    elif not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield bad(
            Text(f"{folder} 不能读写", f"{folder} cannot be read and written"),
            Text(f"以其属主运行，或 chmod u+rwx {folder}", f"run as its owner, or chmod u+rwx {folder}"),
        )
    else:
        yield good(Text(f"{folder} 可读写", f"{folder} can be read and written"))


def writable_again(point: str) -> Text:
    """What to do with a mount point that is read-only."""
    return Text(
        f"看 dmesg 里的磁盘错误，修好后 mount -o remount,rw {point}",
        f"look for errors of the disk in dmesg; once it is sound: mount -o remount,rw {point}",
    )


def owners(folder: Path) -> Iterator[Answer]:
    """All of it belongs to whom the folder belongs to: what root has made once stops a service of its own user. A link
    stops nobody: a school's server has some, which root has made."""
    owner = folder.stat().st_uid
    strange = [file for file in walked(folder) if not file.is_symlink() and file.lstat().st_uid != owner]
    if strange:
        yield bad(
            Text(f"{_named(folder, strange)} 属于别的用户", f"{_named(folder, strange)} belong to another user"),
            Text(f"chown -R --reference={folder} {folder}", f"chown -R --reference={folder} {folder}"),
        )
    else:
        yield good(Text(f"都属于用户 {owner}", f"all belong to user {owner}"))


def secret_modes(folder: Path) -> Iterator[Answer]:
    """No key, login or token can be read by others. Of a link what it leads to counts, where that is to be seen."""
    secrets = [file for file in walked(folder) if any(file.match(name) for name in SECRETS) and file.exists()]
    loose = [file for file in secrets if file.stat().st_mode & OTHERS]
    if loose:
        first = " ".join(str(file) for file in loose[:NAMED_MAX])
        yield bad(
            Text(f"他人可读：{_named(folder, loose)}", f"others may read {_named(folder, loose)}"),
            Text(
                f"chmod 600 {first}；曾被读走的密钥须换",
                f"chmod 600 {first}; a key that somebody has read must be changed",
            ),
        )
    elif secrets:
        yield good(Text(f"{len(secrets)} 个，只有属主可读", f"{len(secrets)}, each its owner's alone"))
    else:
        yield unknown(Text("这里没有密钥文件", "there are no key files here"))


def walked(folder: Path) -> Iterator[Path]:
    """All below, in order; a folder that cannot be read is passed over."""
    for at, names, files in os.walk(folder):
        names.sort()
        yield from (Path(at) / name for name in sorted([*names, *files]))


def _named(folder: Path, files: Sequence[Path]) -> str:
    """The names of a few; of more how many."""
    few = ", ".join(str(file.relative_to(folder)) for file in files[:NAMED_MAX])
    return few if len(files) <= NAMED_MAX else f"{few} … ({len(files)})"


def json_files(files: Iterable[Path]) -> Iterator[Answer]:
    """Each is there and is JSON."""
    for file in files:
        try:
            with file.open("rb") as opened:
                json.loads(opened.read(JSON_MAX))
        except FileNotFoundError:
            yield bad(Text("不存在", "is not there"), _from_backup(file), file.name)
        except (ValueError, RecursionError):
            yield bad(
                Text("不是 JSON，断电或磁盘损坏所致", "is no JSON: a power cut, or a rotten disk"),
                _from_backup(file),
                file.name,
            )
        else:
            yield good(Text("能读", "can be read"), file.name)


def _from_backup(file: Path) -> Text:
    return Text(f"从备份或发行材料放回 {file}", f"put {file} back, from a backup or from what provisioning has made")


def certificates(
    named: Iterable[tuple[str, Path]], now: datetime, ca: Path | None = None, ours: Collection[str] = ()
) -> Iterator[Answer]:
    """By what each is called: it can be read, and does not end soon. ours: those that this CA must have signed, for
    whoever is called by them believes no other; what browsers are shown may be the school's own."""
    authority = _authority(ca) if ca is not None else None
    for name, file in named:
        try:
            one = x509.load_pem_x509_certificate(file.read_bytes())
        except FileNotFoundError:
            yield bad(Text("不存在", "is not there"), _renew(name), name)
        except ValueError:
            yield bad(Text("不是证书", "is no certificate"), _renew(name), name)
        else:
            if name in ours and authority is not None and not _has_signed(authority, one):
                yield bad(Text("不是本校 CA 签的", "is not signed by this campus's CA"), _pair(name), name)
                continue
            yield _ends(name, (one.not_valid_after_utc - now).days, one.not_valid_before_utc > now)


def _authority(file: Path) -> x509.Certificate | None:
    """None: that it cannot be read is told of itself."""
    try:
        return x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError):
        return None


def _has_signed(authority: x509.Certificate, one: x509.Certificate) -> bool:
    try:
        one.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _ends(name: str, days: int, is_early: bool) -> Answer:
    if is_early:
        return bad(Text("尚未生效", "is not valid yet"), Text("看时钟", "look at the clock"), name)
    if days < 0:
        first, renew = Text("先看时钟；", "look at the clock first; "), _renew(name)
        fix = Text(f"{first.zh}{renew.zh}", f"{first.en}{renew.en}")
        return bad(Text(f"{-days} 天前到期", f"ended {-days} days ago"), fix, name)
    said = Text(f"还有 {days} 天", f"{days} days left")
    if days < URGENT_DAYS:
        return bad(said, _renew(name), name)
    return care(said, _renew(name), name) if days < REMIND_DAYS else good(said, name)


def _renew(name: str) -> Text:
    return Text(f"续期 {name}：./ykt provision certificate renew", f"renew {name}: ./ykt provision certificate renew")


def key_pairs(named: Iterable[tuple[str, Path, Path]]) -> Iterator[Answer]:
    """Each key is that of its certificate: a pair that was put back by halves lets nobody in."""
    for name, certificate, key in named:
        try:
            wanted = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
            found = load_pem_private_key(key.read_bytes(), None).public_key()
        except FileNotFoundError as fault:
            missing = Path(str(fault.filename)).name
            yield bad(Text(f"缺 {missing}", f"{missing} is missing"), _pair(name), name)
        except (ValueError, TypeError):
            yield bad(Text("钥匙或证书损坏", "the key or the certificate is damaged"), _pair(name), name)
        else:
            form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
            if wanted.public_bytes(*form) == found.public_bytes(*form):
                yield good(Text("钥匙与证书相配", "key and certificate belong together"), name)
            else:
                yield bad(Text("钥匙不是这张证书的", "the key is not that of the certificate"), _pair(name), name)


def _pair(name: str) -> Text:
    return Text(
        f"{name}：把钥匙和证书成对放回，或重新签发：./ykt provision certificate renew",
        f"{name}: put key and certificate back as a pair, or have it issued anew: ./ykt provision certificate renew",
    )


def revocations(file: Path, ca: Path, now: datetime) -> Iterator[Answer]:
    """The list of revoked certificates: past its end a broker lets nobody in; half-written, it lets everybody in."""
    fix = Text(
        "发新表：./ykt provision crl renew，然后让代理重新读取",
        "issue a new one: ./ykt provision crl renew, then have the broker read it",
    )
    try:
        one = x509.load_pem_x509_crl(file.read_bytes())
    except FileNotFoundError:
        yield bad(Text("没有吊销列表：被吊销的证书照样能连", "there is no list: a revoked certificate gets in"), fix)
        return
    except ValueError:
        yield bad(Text("吊销列表损坏：代理会不带表运行", "the list is damaged: a broker goes on without any"), fix)
        return
    if not _is_signed(one, ca):
        yield bad(Text("吊销列表不是本校 CA 签的", "the list is not signed by this campus's CA"), fix)
        return
    until = one.next_update_utc
    days = (until - now).days if until is not None else None
    age = (now - one.last_update_utc).days
    if days is None:
        yield unknown(Text("吊销列表没有写明到何时", "the list does not say until when"), fix)
    elif age < 0:
        yield bad(
            Text(f"写于 {-age} 天之后", f"is of {-age} days from now"),
            Text("看时钟：时钟慢了，或写表时快了", "look at the clock: it is slow, or was fast when the list was made"),
        )
    elif days < 0:
        yield bad(Text(f"{-days} 天前到期：谁也连不上", f"ended {-days} days ago: nobody gets in"), fix)
    elif days < URGENT_DAYS:
        yield bad(Text(f"再过 {days} 天到期，届时谁也连不上", f"ends in {days} days: then nobody gets in"), fix)
    elif days < REMIND_DAYS:
        yield care(Text(f"还有 {days} 天", f"{days} days left"), fix)
    else:
        yield good(
            Text(
                f"{age} 天前所发，吊销 {len(one)} 张，还有 {days} 天",
                f"{age} days old, {len(one)} revoked, {days} days left",
            ),
        )


def _is_signed(one: x509.CertificateRevocationList, ca: Path) -> bool:
    key = x509.load_pem_x509_certificate(ca.read_bytes()).public_key()
    return isinstance(key, ec.EllipticCurvePublicKey) and one.is_signature_valid(key)


def lock_of(file: Path, what: Text, locks: Path = Path("/proc/locks")) -> Answer:
    """Does a process hold this lock? Asked of the kernel, for whoever tries a lock keeps somebody else from it. What a
    dead process has left is none: the kernel has taken it back."""
    try:
        inode = file.stat().st_ino
    except FileNotFoundError:
        return care(Text(f"{what.zh} 从未运行", f"{what.en} never ran"), Text("启动它", "start it"))
    held = (line.split() for line in locks.read_text(encoding="ascii").splitlines() if " FLOCK " in line)
    if any(words[5].endswith(f":{inode}") for words in held if len(words) > 5 and words[1] != "->"):
        return good(Text(f"{what.zh} 在运行", f"{what.en} runs"))
    return care(
        Text(
            f"{what.zh} 没有运行；遗留的 {file.name} 不碍事",
            f"{what.en} does not run; {file.name} is left and harmless",
        ),
        Text("启动它；不必删锁文件", "start it; the lock's file need not be removed"),
    )


def now() -> datetime:
    """The machine's."""
    return datetime.now(UTC)
