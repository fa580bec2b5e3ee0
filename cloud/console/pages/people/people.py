"""Users 用户: invited by a one-time link, given roles for places, seen as a role has it, and let go.

The last administrator stays: nobody could give rights any more.
"""

import re
from collections.abc import Iterable

from flask import abort, redirect, render_template, request, url_for

from cloud.console.access.accounts import NAME_MAX
from cloud.console.access.rights import ROLE_WORDS, Grant, Right, Role, Scope
from cloud.console.asgi import AS_COOKIE
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.pages.sign_in import now
from cloud.watch.notify import persons
from cloud.watch.notify.persons import Person
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.errors import ConfigFault
from shared.words.voice import Text

NAME = re.compile(r"[^\s<>\"'/\\?#&]{1,40}")
GRANTS_MAX = 20


class PeopleRefused(ConfigFault):
    """Happens when what is asked of a user cannot be. Nothing was changed."""


def _people(sources: Sources) -> Reply:
    users = sources.accounts.operators(now())
    return render_template(
        "people/people.html", users=users, roles=ROLE_WORDS, moment=moment, classes=sources.reader.classes()
    )  # fmt: skip


def _person(sources: Sources, name: str) -> Reply:
    user = next((one for one in sources.accounts.operators(now()) if one.name == name), None)
    if user is None:
        abort(404)
    rows = [*((grant.role, grant.scope) for grant in user.grants), *((None, Scope()) for _ in range(2))]
    return render_template(
        "people/person.html", user=user, roles=ROLE_WORDS, rows=rows, places=_places(sources), moment=moment,
        sessions=sources.accounts.sessions(now(), name), classes=sources.reader.classes(),
    )  # fmt: skip


def _invite(sources: Sources) -> Reply:
    name = request.form.get("name", "").strip()
    if len(name) > NAME_MAX or not NAME.fullmatch(name):
        raise PeopleRefused(Text("姓名须为 1 到 40 个字，不含空格和标点", "a name has 1 to 40 letters and no space"))
    if any(one.name == name for one in sources.accounts.operators(now())):
        raise PeopleRefused(Text(f"已有此用户：{name}", f"there is one already: {name}"))
    token = sources.accounts.invite(name, _asked_grants(sources), now())
    _known_to_the_watch(sources, name)
    tell(f"user:{name}", Text(f"邀请用户 {name}", f"invite {name}"))
    return _shown_once(name, token)


def _new_link(sources: Sources, name: str) -> Reply:
    _require(sources, name)
    token = sources.accounts.make_link(name, now())
    tell(f"user:{name}", Text(f"给 {name} 新的登录链接", f"a new link for {name}"))
    return _shown_once(name, token)


def _shown_once(name: str, token: str) -> Reply:
    """The link is on this page and nowhere else."""
    return render_template("people/link.html", name=name, link=url_for("first_login", token=token, _external=True))


def _set_grants(sources: Sources, name: str) -> Reply:
    _require(sources, name)
    grants = _asked_grants(sources)
    if sources.accounts.admins() == [name] and Grant(Role.ADMIN) not in grants:
        raise PeopleRefused(Text("他是最后一名管理员", "he is the last administrator"))
    before, after = (_said(one) for one in (sources.accounts.grants(name), grants))
    sources.accounts.set_grants(name, grants)
    tell(f"user:{name}", Text(f"角色：{before.zh} → {after.zh}", f"roles: {before.en} → {after.en}"))
    return redirect(url_for("person", name=name))


def _let_go(sources: Sources, name: str) -> Reply:
    _require(sources, name)
    if sources.accounts.admins() == [name]:
        raise PeopleRefused(Text("他是最后一名管理员", "he is the last administrator"))
    sources.accounts.remove(name)
    tell(f"user:{name}", Text(f"删除用户 {name}", f"remove {name}"))
    return redirect(url_for("people"))


def _end_session(sources: Sources, name: str) -> Reply:
    if not sources.accounts.end_session(_key(), name):
        abort(404)
    tell(f"user:{name}", Text(f"结束 {name} 的一个会话", f"end a session of {name}"))
    return redirect(url_for("person", name=name))


def _look_as(sources: Sources) -> Reply:  # noqa: ARG001 - a page's signature
    role = request.form.get("role", "")
    if role not in set(Role):
        abort(400)
    tell("", Text(f"以 {ROLE_WORDS[Role(role)].zh} 查看", f"looks as {ROLE_WORDS[Role(role)].en}"))
    answer = redirect(url_for("home"))
    answer.set_cookie(AS_COOKIE, role, httponly=True, samesite="Strict", secure=request.is_secure)
    return answer


def _look_as_myself(sources: Sources) -> Reply:  # noqa: ARG001 - a page's signature
    answer = redirect(url_for("people"))
    answer.delete_cookie(AS_COOKIE)
    return answer


def _known_to_the_watch(sources: Sources, name: str) -> None:
    """One table of persons: who signs in here answers alarms under the same name."""
    with sources.watch() as store, store.db.writing():
        if persons.find(store.db, name) is None:
            persons.add(store.db, Person(0, name))


def _require(sources: Sources, name: str) -> None:
    if all(one.name != name for one in sources.accounts.operators(now())):
        abort(404)


def _asked_grants(sources: Sources) -> list[Grant]:
    """role, box, merchant, group of each row of the form; a row without a role says nothing."""
    columns = (request.form.getlist(key)[:GRANTS_MAX] for key in ("role", "box", "merchant", "group"))
    rows = [row for row in zip(*columns, strict=False) if row[0]]
    boxes = {box for box, _ in _places(sources)}
    found = []
    for role, box, merchant, group in rows:
        if role not in set(Role) or (box and box not in boxes):
            raise PeopleRefused(Text("没有这个角色或地点", "there is no such role or place"))
        if role == Role.TEACHER and not group.strip():
            raise PeopleRefused(Text("班主任要写明班级", "say of which class he is the teacher"))
        found.append(Grant(Role(role), Scope(box, merchant.strip()[:NAME_MAX], group.strip()[:NAME_MAX])))
    return sorted(set(found))


def _places(sources: Sources) -> list[tuple[str, str]]:
    return [(one.box, one.name) for one in sources.reader.boxes()]


def _key() -> bytes:
    try:
        return bytes.fromhex(request.form.get("key", ""))
    except ValueError:
        abort(400)


def _said(grants: Iterable[Grant]) -> Text:
    words = [(ROLE_WORDS[one.role], "/".join(part for part in one.scope if part)) for one in grants]
    placed = [Text(*(f"{name}@{where}" if where else name for name in (role.zh, role.en))) for role, where in words]
    return Text("、".join(one.zh for one in placed) or "—", ", ".join(one.en for one in placed) or "—")


def moment(at_s: int) -> str:
    """Unix seconds as the campus says it; empty for 0."""
    return time_text(WALL.at(at_s)) if at_s else ""


PAGES = (
    Page("people", "/people", Right.SEE_PEOPLE, _people, Menu.SYSTEM),
    Page("person", "/people/<name>", Right.SEE_PEOPLE, _person),
    Page("invite", "/people", Right.SET_PEOPLE, _invite, writes=True),
    Page("new_link", "/people/<name>/link", Right.SET_PEOPLE, _new_link, writes=True),
    Page("set_grants", "/people/<name>/grants", Right.SET_PEOPLE, _set_grants, writes=True),
    Page("let_go", "/people/<name>/gone", Right.SET_PEOPLE, _let_go, writes=True),
    Page("end_session", "/people/<name>/session", Right.SET_PEOPLE, _end_session, writes=True),
    Page("look_as", "/look-as", Right.SEE_PEOPLE, _look_as, writes=True),
    Page("look_as_myself", "/look-as/myself", Right.SELF, _look_as_myself, writes=True),
)
