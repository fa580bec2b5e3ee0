"""Whose everything is: users by number as the images have them, secrets apart, data without secrets."""

import re
from itertools import combinations
from pathlib import PurePosixPath

from compose.place import ROOT
from compose.server import layout
from compose.server.layout import BOOKS_GROUP, FOLDERS, LINKS, UPPER, dealt
from shared.keys.webhook_key import WEBHOOK_KEY

USERS = re.compile(r"^add \S+ (\d+)$", re.MULTILINE)
KEY_FILES = ("custody.log", "region.keys", "root.keys", "school.keys", "unlock")
BOX_FILES = ("canteen/box.pem", "canteen/edge.json")
FILES = dealt(KEY_FILES, BOX_FILES)
WITH_TWO = {"cloud/console.key", "cloud/watch.key"}
"""The desks' door shows the console's certificate; a revoked box is cut off by whom the cloud's own door lets in."""
FOR_THE_BROKER = "data/signer/broker"
"""The list of who is revoked: public, and read there."""


def test_the_images_have_the_same_users() -> None:
    said = (ROOT / "compose/images/users").read_text(encoding="utf-8")
    made = {layout.POSTGRES, layout.BROKER, layout.METRICS, layout.KEYS, layout.INGEST, layout.CLOUD, layout.SIGNER}
    assert set(map(int, USERS.findall(said))) == made | {layout.FRONT, layout.PLATFORM}
    assert f"groupadd --gid {BOOKS_GROUP} " in said


def test_a_folder_stands_behind_those_that_it_is_in() -> None:
    made: set[str] = set()
    for folder in FOLDERS:
        above = str(PurePosixPath(folder.path).parent)
        assert above == "." or above in made, folder.path
        made.add(folder.path)


def test_secrets_are_one_services_alone() -> None:
    for folder in FOLDERS:
        if folder.path.startswith("secrets/"):
            assert (folder.mode, folder.group) == (0o500, folder.user), folder.path


def test_nobody_but_its_user_can_look_into_data() -> None:
    open_ones = {folder.path for folder in FOLDERS if folder.path.startswith("data/") and folder.mode & 0o077}
    assert open_ones == {FOR_THE_BROKER}
    assert {one.source for one in FILES if one.target.startswith(FOR_THE_BROKER)} == {
        "broker/broker.pem",
        "broker/crl.pem",
    }


def test_who_is_given_a_file_owns_the_folder_it_lies_in() -> None:
    users = {folder.path: folder.user for folder in FOLDERS}
    assert all(users[_above(one.target)] == one.of for one in FILES)


def _above(target: str) -> str:
    """Its folder; a box's is made where its files are dealt."""
    folder = PurePosixPath(target).parent
    return str(folder.parent if folder.parent.name == "boxes" else folder)


def test_a_key_lies_among_secrets_and_with_one_service() -> None:
    keys = [one for one in FILES if one.source.endswith((".key", "/acl"))]
    assert keys
    assert all(one.target.startswith("secrets/") and one.mode == 0o400 for one in keys)
    assert {one.source for one, other in combinations(keys, 2) if one.source == other.source} == WITH_TWO


def test_what_could_make_the_schools_keys_again_stays_where_it_was_issued() -> None:
    given = {PurePosixPath(one.source).name for one in FILES}
    assert not given & set(UPPER)
    assert {"school.keys", "custody.log"} <= given


def test_a_link_leads_to_a_secret_of_the_same_service_or_to_what_it_shares() -> None:
    there = {one.target for one in FILES} | {"secrets/wallet/token", f"secrets/open/{WEBHOOK_KEY}"}
    there |= {one.target for one in layout.OPEN}
    for link, target in LINKS.items():
        if target.startswith("/secrets/"):
            assert [
                name for name in there if name.startswith("secrets/") and name.endswith(target.removeprefix("/secrets"))
            ]
        assert link.startswith("data/")
