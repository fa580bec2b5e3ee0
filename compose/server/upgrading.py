"""`./ykt server upgrade`: an installation goes on with the images and the configuration of this checkout.

What a person may have changed in .env stays; what is new in it is added. A directory that is new is made and marked;
one that should be there and is not is refused before, as at every start. Whether the ledger may be opened by this
version its own software is asked first, and says why not; then nothing has been changed.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from compose.place import WrongUse
from compose.server import dealing, fronting, installation, making, open_platform, rendered, starting
from compose.server.engine import Engine, EngineRefused
from compose.server.installation import Installation
from compose.server.layout import DATA, FOLDERS, MADE_ANEW, MARK
from compose.server.rendered import Given
from shared.words.voice import Text

VERSION = "YKT_VERSION"
_KEPT = ("data/cloud/cloud/metrics.toml", ".env")
"""Of the school, once they are there."""


def upgrade(root: Path, version: str, engine: Engine, say: Callable[[Text], None]) -> Installation:
    """The installation as it is now, not started. WrongUse: not whole, no images of this version, not root, or its
    ledger is closed to this version. StepFailed: the front's certificates could not be made; done again, it goes on."""
    dealing.require_root()
    old = installation.read(root)
    installation.require_whole(root, old)
    starting.require_images(version, engine)
    if old.has_books:
        _require_openable(root, version, engine, say)
    one = replace(old, version=version, folders=DATA)
    there = {folder.path for folder in FOLDERS if folder.path in old.folders or (root / folder.path).exists()}
    there -= MADE_ANEW
    dealing.lay_out(root)
    dealing.link_all(root)
    if fronting.open_front(root, one.address, making.provision):
        say(Text("钱包前置的证书与令牌已备好", "certificates and token of the wallet's front are made"))
    open_platform.carry(root)
    if open_platform.is_on(root) and open_platform.make(root, open_platform.host(root), making.provision):
        say(Text("开放平台的证书与回调钥匙已备好", "the open platform's certificate and key of webhooks are made"))
    for path, given in rendered.files(one, str(root), engine).items():
        if _is_due(path, there):
            _give(root / path, given)
    said = with_version((root / ".env").read_text(encoding="utf-8"), rendered.environment(one))
    _give(root / ".env", (said, 0, 0o644))
    dealing.copy_compose(root)
    installation.write(root, one)
    return one


def _require_openable(root: Path, version: str, engine: Engine, say: Callable[[Text], None]) -> None:
    """The database as it runs, or is started for the question; the asked program is the new version's."""
    starting.start_books(root, engine, say)
    asked = ("run", "--rm", "-T", "--no-deps", "tools", "cloud", "schema", "--data", "/campus")
    try:
        said = engine.composed(root, *asked, settings={VERSION: version})
    except EngineRefused as fault:
        raise WrongUse(
            Text(f"没有换版本，什么也没改。\n{fault}", f"the version stays, nothing was changed.\n{fault}")
        ) from fault
    say(Text(said.strip(), said.strip()))


def with_version(there: str, new: str) -> str:
    """What .env says, under the version of `new`, and with the names that only `new` has at its end."""
    kept = [line for line in there.splitlines() if _name(line) != VERSION]
    names = {_name(line) for line in kept}
    more = [line for line in new.splitlines() if _name(line) and _name(line) not in names]
    return "\n".join([*kept, *more]) + "\n"


def _is_due(path: str, there: set[str]) -> bool:
    """Configuration always; a mark only in a directory that is new: it is never given to one that lost it."""
    folder, _, name = path.rpartition("/")
    if name == MARK:
        return folder not in there
    return path not in _KEPT


def _give(path: Path, given: Given) -> None:
    text, user, mode = given
    dealing.give(path, text.encode(), user, mode)


def _name(line: str) -> str:
    name, equals, _ = line.partition("=")
    return name if equals and not line.startswith("#") else ""
