"""`cloud alarms drill`: 演练, an alarm on purpose, followed to its end: raised, told, acknowledged, over; each with its
seconds.

Nothing is pretended: the running watch raises it, its message goes by the routes in force, a person acknowledges it by
a command. It ends by itself when its time is up.
"""

import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cloud.commands.watch.around import now_ms, open_store
from cloud.process.settings import FOLDER, load_settings
from cloud.watch.alarms.drill import DRILL, KEY
from cloud.watch.alarms.states import Alarm
from cloud.watch.notify import persons, queue
from cloud.watch.notify.calling import SETTLE_MS
from cloud.watch.notify.doors_file import MAIL_FOLDER
from cloud.watch.notify.queue import Message, State
from cloud.watch.notify.terms import CHANNELS
from cloud.watch.store import WatchStore
from cloud.watch.turn import BEAT, STALE_MS
from shared.errors import ConfigFault
from shared.input.data_folder import CAMPUS
from shared.words.voice import Text

DRILL_S = 120
"""How long one lasts when nobody says and nobody acknowledges."""
RAISED_S, QUEUED_S, SENT_S, OVER_S = 10.0, SETTLE_MS / 1000 + 5, 30.0, 10.0
"""Bounds of its steps; past one, the step has failed, and that is said."""
POLL_S = 0.1
_SEEN_MAX = 20
_DONE = frozenset({State.SENT, State.ARRIVED, State.FAILED})
_DASH = "  "


def drill(data: Path, for_s: int) -> int:
    """0: raised, told, acknowledged and over. 1: it got stuck somewhere, which is what it is for. ConfigFault: the
    watch does not run, or another drill is on."""
    with closing(open_store(data)) as store:
        return _Drill(store, data, for_s or DRILL_S).run()


class _Drill:
    def __init__(self, store: WatchStore, data: Path, for_s: int) -> None:
        self._store, self._data, self._for_s = store, data, for_s
        self._folder = load_settings(data).data / FOLDER / MAIL_FOLDER
        self._began = time.monotonic()
        self._last_number = 0
        self._is_well = True

    def run(self) -> int:
        """All of it."""
        self._require_a_watch()
        self._last_number = max((one.number for one in self._messages(0)), default=0)
        _say(Text("【演练】报警演练：不是真的，不计入统计", "DRILL: an alarm on purpose, not real, counted nowhere"))
        with self._raised():
            self._step(Text("报警已产生", "raised"), lambda: self._alarm_is(active=True), RAISED_S)
            told = self._told(Text("无人会收到", "nobody is told"))
            if self._alarm_is(active=True):
                self._acknowledged(told)
        self._step(Text("报警已恢复", "over"), lambda: not self._alarm_is(active=True), OVER_S)
        self._tell_where()
        if self._alarm() is not None:
            _say(Text("○ 还在列表上：已恢复未确认", "○ still listed: over, and nobody has acknowledged it"))
        said = f"{time.monotonic() - self._began:.1f}"
        if self._is_well:
            _say(Text(f"● 演练成功，共 {said} 秒", f"● the drill has passed, {said} s in all"))
        else:
            _say(Text(f"■ 演练未通过，共 {said} 秒，见上", f"■ the drill has NOT passed, {said} s in all: see above"))
        return 0 if self._is_well else 1

    def _require_a_watch(self) -> None:
        with self._store.db.reading():
            age_ms, until_ms = now_ms() - self._store.mark(BEAT), self._store.mark(DRILL)
        if age_ms > STALE_MS:
            raise ConfigFault(
                Text("值守没有运行，不能演练；校园由 ./ykt up 启动", "no drill: the watch does not run (./ykt up)")
            )
        if now_ms() < until_ms:
            left = (until_ms - now_ms()) // 1000 + 1
            raise ConfigFault(
                Text(f"另一次演练还在进行，至多再过 {left} 秒", f"another drill is on, for {left} s at most")
            )

    @contextmanager
    def _raised(self) -> Iterator[None]:
        """It ends with the block, however that ends; and by itself, should this process be killed."""
        self._set(now_ms() + self._for_s * 1000)
        signal.signal(signal.SIGTERM, _told_to_end)
        try:
            yield
        finally:
            self._set(0)

    def _set(self, until_ms: int) -> None:
        with self._store.db.writing():
            self._store.set_mark(DRILL, until_ms)

    def _told(self, nobody: Text) -> list[Message]:
        """Whom its message reached, and where it lies; nobody: the step that failed."""
        found = self._step(Text("消息已排队", "messages are queued"), self._news, QUEUED_S, failed=nobody)
        if not found:
            _say(f"{_DASH}{self._why_nobody()}")
            return []
        return self._tell_where()

    def _tell_where(self) -> list[Message]:
        """What became of each message since the last time, once all are sent or have failed."""
        self._wait(lambda: all(one.state in _DONE for one in self._news()), SENT_S)
        found = self._news()
        for one in found:
            self._is_well &= one.state in (State.SENT, State.ARRIVED)
            self._last_number = max(self._last_number, one.number)
            _say(f"{_DASH}{self._line(one)}")
        return found

    def _acknowledged(self, told: list[Message]) -> None:
        who = shlex.quote(told[0].person) if told else str(Text("姓名", "NAME"))
        where = "" if self._data.resolve() == CAMPUS.resolve() else f" --data {shlex.quote(str(self._data))}"
        _say(Text("请在另一窗口确认：", "acknowledge it in another window:"))
        _say(f"{_DASH}./ykt cloud alarms ack {DRILL} {KEY.source} --who {who}{where}")
        left = max(0.0, self._for_s - (time.monotonic() - self._began))
        nobody = Text("无人确认", "nobody has acknowledged it")
        if self._step(Text("已确认", "acknowledged"), self._is_acked, left, failed=nobody):
            alarm = self._alarm()
            by = alarm.acked_by if alarm else ""
            _say(f"{_DASH}{Text(f'确认人：{by}', f'by {by}')}")

    def _step(self, done: Text, holds: Callable[[], object], bound_s: float, failed: Text | None = None) -> bool:
        """Wait for it and say how long it took; or that it did not come, and then the drill has failed."""
        began = time.monotonic()
        is_done = self._wait(holds, bound_s)
        took = f"{time.monotonic() - began:.1f}"
        if is_done:
            _say(Text(f"● {done.zh}（{took} 秒）", f"● {done.en} ({took} s)"))
        else:
            words = failed or Text(f"没有等到：{done.zh}", f"waited in vain: {done.en}")
            _say(Text(f"■ {words.zh}（等了 {took} 秒）", f"■ {words.en} (waited {took} s)"))
        self._is_well &= is_done
        return is_done

    def _wait(self, holds: Callable[[], object], bound_s: float) -> bool:
        end = time.monotonic() + bound_s
        while not holds():
            if time.monotonic() >= end:
                return False
            time.sleep(POLL_S)
        return True

    def _alarm(self) -> Alarm | None:
        return next((one.alarm for one in self._store.alarms() if one.key == KEY), None)

    def _alarm_is(self, *, active: bool) -> bool:
        found = self._alarm()
        return found is not None and found.is_active is active

    def _is_acked(self) -> bool:
        found = self._alarm()
        return found is not None and found.is_acked

    def _messages(self, after: int) -> list[Message]:
        with self._store.db.reading():
            found = queue.messages(self._store.db, _SEEN_MAX)
        return [one for one in reversed(found) if one.number > after]

    def _news(self) -> list[Message]:
        return [one for one in self._messages(self._last_number) if KEY in one.keys]

    def _line(self, one: Message) -> Text:
        way, to = CHANNELS[one.channel], f"{one.person} {one.address}"
        file = self._folder / one.receipt
        where = f" → {file}" if one.receipt.endswith(".eml") and file.exists() else ""
        if one.state is State.FAILED:
            return Text(f"■ {way.zh}发不出：{to}：{one.receipt}", f"■ {way.en} failed: {to}: {one.receipt}")
        if one.state is State.WAITING:
            return Text(f"■ {way.zh}还没有发出：{to}", f"■ {way.en} still waits: {to}")
        return Text(f"{way.zh}已发：{to}{where}", f"{way.en} is sent: {to}{where}")

    def _why_nobody(self) -> Text:
        with self._store.db.reading():
            known = [one for one in persons.persons(self._store.db) if not one.is_gone]
        if not known:
            return Text(
                "没有登记任何人：./ykt cloud person add 姓名 --mail 地址",
                "nobody is known: ./ykt cloud person add NAME --mail ADDRESS",
            )
        return Text(
            "推送策略此刻不为这样的报警叫人（夜里、限额或没有路由），见 ./ykt cloud notify duty",
            "the policy calls nobody for such an alarm now (night, rate, no route): ./ykt cloud notify duty",
        )


def _told_to_end(_number: int, _frame: object) -> None:
    """The campus ends, and the alarm with it."""
    raise SystemExit(1)


def _say(line: object) -> None:
    """At once: somebody waits for it."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
