"""The key that webhooks are signed by: DATA/cloud/open-webhook.key, 0600, made where it is not there.

It is in no backup: one that was lost is made anew, and receivers find it among the published keys by its id. Who wants
another one removes the file and starts the process again. On a school's server it is dealt, and the file is a link.
"""

import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.process.settings import FOLDER
from cloud.process.whole_file import write_whole
from shared.errors import ConfigFault
from shared.keys.webhook_key import SEED_SIZE, WEBHOOK_KEY
from shared.words.voice import Text

FILE = WEBHOOK_KEY


def signing_key(data: Path) -> Ed25519PrivateKey:
    """ConfigFault: the file is none of ours, or a link to a key that was dealt and is gone."""
    file = data / FOLDER / FILE
    if file.is_symlink() and not file.exists():
        raise ConfigFault(Text(f"{file}: 钥匙不在了：./ykt server open", f"{file}: the key is gone: ./ykt server open"))
    if not file.exists():
        write_whole(file, secrets.token_bytes(SEED_SIZE))
    seed = file.read_bytes()
    if len(seed) != SEED_SIZE:
        raise ConfigFault(Text(f"{file}: 应为 {SEED_SIZE} 字节", f"{file}: {SEED_SIZE} octets are wanted"))
    return Ed25519PrivateKey.from_private_bytes(seed)
