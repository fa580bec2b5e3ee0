"""The doctor's look at a front's zone: certificate, key, and the token by which the accounts service knows it."""

from collections.abc import Iterator
from pathlib import Path

from cloud.process.settings import FOLDER
from shared.keys.front_token import TOKEN_FILE, Zone, is_front
from shared.support import files
from shared.support.checks import Answer, bad, good, unknown
from shared.words.voice import Text


def zone_answers(data: Path, zone: Zone, name: str) -> Iterator[Answer]:
    """Of a front whose files are NAME.pem and NAME.key."""
    folder, file = data / zone.folder, f"{name}.pem"
    if not (folder / file).exists() and (data / FOLDER / file).exists():
        yield from _elsewhere(data, name)
    elif not (folder / file).exists():
        yield unknown(Text("前置不在本机", "the front is not on this machine"), _issued(name))
    else:
        yield from files.key_pairs([(name, folder / file, folder / f"{name}.key")])
        yield from _token(data, zone)


def _elsewhere(data: Path, name: str) -> Iterator[Answer]:
    """A school's server has a copy of the certificate here, and no key: that is in the front's own zone."""
    if (data / FOLDER / f"{name}.key").exists():
        said = Text("证书还在旧处，前置读不到", "its certificate is where it was before, out of the front's reach")
        yield bad(said, _issued(name), f"{name}.pem")
    else:
        yield good(Text("前置在自己的区里：./ykt server status", "the front is in its own zone: ./ykt server status"))


def _issued(name: str) -> Text:
    return Text(f"./ykt provision certificate {name}", f"./ykt provision certificate {name}")


def _token(data: Path, zone: Zone) -> Iterator[Answer]:
    try:
        digest = (data / FOLDER / zone.digest).read_text(encoding="ascii").strip()
        token = (data / zone.folder / TOKEN_FILE).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        yield unknown(
            Text("还没有令牌：账户服务从未运行", "no token yet: the accounts service never ran"), None, TOKEN_FILE
        )
        return
    if is_front(digest, token):
        yield good(Text("账户服务认得", "the accounts service knows it"), TOKEN_FILE)
        return
    fix = Text(
        f"移开 DATA/cloud/{zone.digest}，重启账户服务与前置",
        f"move DATA/cloud/{zone.digest} away, restart accounts service and front",
    )
    yield bad(Text("不是账户服务的那一个", "is not the one that the accounts service knows"), fix, TOKEN_FILE)
