"""Follows the floor for every desk of this node: what changed is computed once per commit and encoded once.

Two tasks share the work. One listens: it only notes ids, so it never falls behind. The other tells: it takes what was
noted since, reads the replica and the archive, and piles encoded frames up at the sockets. Under load several commits
become one telling.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, Protocol

from dashboard.desks import Desks
from dashboard.frames import Banner, Frame, MentionFrame, TypingFrame, Welcome, encode
from dashboard.parts import Parts
from dashboard.pictures import having
from dashboard.ring import Change, Ring, Share, change_of
from dashboard.sessions import may
from dashboard.sockets import RESTART, SESSION_OVER, DeskSocket
from dashboard.telling import Telling
from router.bus.port import Committed
from router.core import events as ev
from router.floor.inbox import FloorAway
from router.store.port import StoreError
from router.views.touched import Touched, touched

# A follower may fall so many commits behind before it is told to look at everything anew.
FOLLOW_CAPACITY = 4_096
# Queue lines are told at most four times a second: nobody reads faster.
QUEUES_EVERY_S = 0.25
# Sessions of open sockets are checked so often: who is shut out by another process reads no longer than this. A
# sign-out on this node closes at once.
SESSIONS_EVERY_S = 5
# Sockets, banners and lost desks are looked after once a second.
UPKEEP_EVERY_S = 1.0
# After losing the floor's commits, or a store that cannot be read, a moment's rest.
REST_S = 0.2
# Closing frames leave within this, or the sockets are dropped; looked at so often meanwhile.
GOODBYE_S_MAX, GOODBYE_LOOKS = 2.0, 100
# What a look brings at once: enough for a screen; the rest is paged by the API.
LOOK_ITEMS = 30


class Following(Protocol):
    """What hears of each commit after the board has followed it, and begins anew when commits were missed."""

    def follow(self, found: Touched) -> None: ...

    def rebuild(self) -> None: ...


class Hub:
    """One per application: the sockets of a site on this node, and what they are told."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._out = parts, parts.out
        self._telling = Telling(parts)
        self._sockets: dict[int, set[DeskSocket]] = {}
        self._looking: dict[int, set[DeskSocket]] = {}
        self._having: dict[int, tuple[int, ...]] = {}
        self._noted: list[Change] = []
        self._reported: dict[int, set[int]] = {}
        self._notes: list[ev.Noted] = []
        self._queues: set[str] = set()
        self._also: list[Following] = [parts.standing]
        self._tellers: list[Callable[[], Awaitable[None]]] = []
        self._news = asyncio.Event()
        self._position = self._out.floor.position
        self._told = self._position
        self._ring = Ring(self._position)
        self._banner = ""
        self._tasks: set[asyncio.Task[None]] = set()
        self._deaf = self._out.signs.hear(self._typed)
        self._desks = Desks(self._out, parts.commands, self.start)
        self._stopping = False
        self._rounds = 0

    # --- life -----------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Start following. Call it with the loop running."""
        self._look_at_everything()
        for work in (self._listen, self._tell, self._tell_queues, self._look_after, *self._tellers):
            self.start(self._for_ever(work))

    async def _for_ever(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do one piece of work after the other. What fails is logged by name, and every desk begins anew."""
        while True:
            try:
                await work()
            except Exception as error:
                self._broke(error)
                await asyncio.sleep(REST_S)
                self._look_at_everything()

    def _broke(self, error: BaseException) -> None:
        # An outage of the store or of whoever leads is said by its own name, and is no bug.
        if not isinstance(error, (StoreError, FloorAway)):
            self._out.log_error("request_failed", kind="/ws", error=type(error).__name__)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something for as long as the hub lives; whatever breaks is logged by name."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._broke(error)

    async def stop(self) -> None:
        """Close every socket with 1012 and end. Desks need no goodbye: the node's lease or their grace says it."""
        self._stopping = True
        self._deaf()
        for socket in self._all():
            socket.close(RESTART, b"restart")
        for _ in range(GOODBYE_LOOKS):
            if not self._sockets:
                break
            await asyncio.sleep(GOODBYE_S_MAX / GOODBYE_LOOKS)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def also(self, following: Following, *, telling: Callable[[], Awaitable[None]]) -> None:
        """Let something else follow what this hub follows, and tell of it over and over."""
        self._also.append(following)
        self._tellers.append(telling)

    def _all(self) -> list[DeskSocket]:
        return [socket for sockets in self._sockets.values() for socket in sockets]

    def give(self, frame: Frame, agent: int = 0) -> None:
        """Send a frame to the open desks of one agent, or to everybody's."""
        self._give(self._sockets.get(agent, set()) if agent else self._all(), [encode(frame)])

    @property
    def position(self) -> int:
        """The journal position up to which every desk has been told."""
        return self._told

    def count(self, agent: int) -> int:
        """Return how many sockets a person has open."""
        return len(self._sockets.get(agent, set()))

    # --- sockets come and go -----------------------------------------------------------------------------

    async def enter(self, socket: DeskSocket, last_seq: int) -> None:
        """Welcome a socket: with what it missed, or by telling it to fetch its desk anew."""
        missed = self._ring.since(last_seq, socket.agent) if last_seq else None
        self._sockets.setdefault(socket.agent, set()).add(socket)
        self._desks.settle([socket])
        seq, told = self._position, self._told
        socket.give([self._welcome(seq=told if missed is None else last_seq, resync=missed is None)])
        if self._banner and may(socket.caller.account.role, "supervisor"):
            socket.give([encode(Banner(seq=min(told, last_seq or told), kind="settings", text=self._banner))])
        if missed is not None:
            socket.give(await self._telling.frames(socket.agent, missed, before=last_seq, seq=seq))
            socket.give(self._telling.all_queue_frames(seq))

    def _welcome(self, *, seq: int, resync: bool) -> str:
        return encode(Welcome(seq=seq, now_ms=self._out.now_ms(), version=self._parts.version, resync=resync))

    def leave(self, socket: DeskSocket) -> None:
        """A socket is gone."""
        self.look(socket, 0)
        sockets = self._sockets.get(socket.agent, set())
        sockets.discard(socket)
        if not sockets:
            self._sockets.pop(socket.agent, None)
        if not self._stopping and socket.agent in self._out.floor.state.agents:
            self._desks.leave(socket)

    def close_session(self, token_hash: str) -> None:
        """A session has ended: its sockets end with it."""
        for socket in self._all():
            if socket.caller.session.token_hash == token_hash:
                socket.close(SESSION_OVER, b"session over")

    def settle(self, agent: int) -> None:
        """An agent may have signed in: their open desks are attached."""
        self._desks.settle(self._sockets.get(agent, set()))

    def look(self, socket: DeskSocket, conv: int) -> None:
        """Remember which conversation is on a socket's screen; 0 for none."""
        if socket.looking:
            lookers = self._looking.get(socket.looking, set())
            lookers.discard(socket)
            if not lookers:
                self._looking.pop(socket.looking, None)
        socket.looking = conv
        if conv:
            self._looking.setdefault(conv, set()).add(socket)

    async def show(self, socket: DeskSocket, conv: int) -> None:
        """Send the end of a story to a screen that begins to look, and mark it as read for its owner."""
        items, _ = await self._parts.stories.page(conv, before=0, limit=LOOK_ITEMS)
        socket.give(self._telling.story_frames(self._told, conv, items))
        self._read(conv)

    def _read(self, conv: int) -> None:
        """What its owner has on the screen is read."""
        owner = self._owner(conv)
        watching = any(socket.agent == owner for socket in self._looking.get(conv, set()))
        if owner and watching and self._parts.words.seen(conv):
            change = Change(self._position + 1, self._position)
            change.share(owner).convs.add(conv)
            self._note(change)

    def _owner(self, conv: int) -> int:
        inside = self._out.floor.state.convs.get(conv)
        return inside.owner if inside else 0

    # --- listening -----------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        """Follow until the follower ends: it was too slow, or the floor is made anew."""
        follower = self._out.floor.follow(FOLLOW_CAPACITY)
        try:
            if self._position != self._out.floor.position:
                self._look_at_everything()
            async for committed in follower:
                self._hear(committed)
        finally:
            follower.close()
        await asyncio.sleep(REST_S)

    def _look_at_everything(self) -> None:
        """Nothing noted so far counts: figures, holders and the ring begin anew, and every desk fetches itself."""
        state = self._out.floor.state
        self._position = self._told = state.position
        self._parts.board.rebuild()
        for also in self._also:
            also.rebuild()
        self._having = {conv.id: agents for conv in state.convs.values() if (agents := having(conv))}
        self._ring = Ring(self._position)
        self._noted.clear()
        self._reported.clear()
        for socket in self._all():
            socket.give([self._welcome(seq=self._told, resync=True)])

    def _hear(self, committed: Committed) -> None:
        found = touched(committed.entries)
        self._parts.words.hear(committed.entries)
        change = change_of(
            committed.entries,
            found,
            first=committed.first,
            last=committed.last,
            holders=self._holders(found),
        )
        change.queues = self._parts.board.follow(found)
        for also in self._also:
            also.follow(found)
        self._position = committed.last
        self._ring.add(change)
        for conv, message in _reports(committed):
            if conv in self._looking:
                self._reported.setdefault(conv, set()).add(message)
        if self._sockets:
            self._notes += _notes(committed)
        self._note(change)

    def _note(self, change: Change) -> None:
        self._noted.append(change)
        self._queues |= change.queues
        self._news.set()

    def _holders(self, found: Touched) -> dict[int, set[int]]:
        """Return who had, has or is named with each touched conversation; remember who has it now."""
        convs = self._out.floor.state.convs
        holders: dict[int, set[int]] = {}
        for conv_id, named in found.holders.items():
            conv = convs.get(conv_id)
            now = having(conv) if conv else ()
            before = self._having.pop(conv_id, ())
            if now:
                self._having[conv_id] = now
            holders[conv_id] = {agent for agent in (*named, *before, *now) if agent}
        return holders

    # --- telling ---------------------------------------------------------------------------------------------

    async def _tell(self) -> None:
        await self._news.wait()
        self._news.clear()
        noted, self._noted = self._noted, []
        reported, self._reported = self._reported, {}
        notes, self._notes = self._notes, []
        if noted:
            await self._tell_of(noted, reported)
        for note in notes:
            await self._tell_mention(note)

    async def _tell_of(self, noted: list[Change], reported: dict[int, set[int]]) -> None:
        before, seq = noted[0].first - 1, noted[-1].last
        shares: dict[int, Share] = {}
        for change in noted:
            for agent, share in change.shares.items():
                if agent in self._sockets:
                    shares.setdefault(agent, Share()).add(share)
        everyone = any(change.everyone for change in noted)
        for agent, share in shares.items():
            frames = await self._telling.frames(agent, share, before=before, seq=seq)
            self._give(self._sockets.get(agent, set()), frames)
        for conv in {conv for change in noted for conv in change.convs} & self._looking.keys():
            await self._tell_story(conv, before, seq=before, also=reported.get(conv, set()))
        self._desks.settle(self._all() if everyone else _of(self._sockets, shares))
        self._told = max(self._told, seq)
        if everyone:
            self._give(self._all(), [self._welcome(seq=self._told, resync=True)])

    async def _tell_mention(self, note: ev.Noted) -> None:
        """Tell the desks here whom a note names. What waits for them is asked for when they come."""
        named = [agent for agent in await self._parts.mentions.told(note.message) if agent in self._sockets]
        if named:
            await self._parts.staff.learn([note.agent])
            by, ref = self._parts.staff.name(note.agent), self._out.reference(note.conv)
            frame = encode(MentionFrame(seq=self._told, ref=ref, by=by))
            for agent in named:
                self._give(self._sockets[agent], [frame])

    async def _tell_story(self, conv: int, before: int, *, seq: int, also: set[int]) -> None:
        items = await self._parts.stories.since(conv, before, also=also)
        if items:
            self._give(self._looking.get(conv, set()), self._telling.story_frames(seq, conv, items))
            self._read(conv)

    @staticmethod
    def _give(sockets: Iterable[DeskSocket], frames: list[str]) -> None:
        for socket in sockets:
            socket.give(frames)

    async def _tell_queues(self) -> None:
        await asyncio.sleep(QUEUES_EVERY_S)
        if self._queues:
            changed, self._queues = self._queues, set()
            self._give(self._all(), self._telling.queue_frames(self._told, changed))

    # --- signs, banners, sessions ------------------------------------------------------------------------------

    def _typed(self, line: int, on: bool) -> None:
        """A customer types: whoever owns the conversation or has it on the screen sees it."""
        conv = self._out.floor.state.lines.get(line, 0)
        if conv:
            owner = self._owner(conv)
            near = self._sockets.get(owner, set()) | self._looking.get(conv, set())
            frame = TypingFrame(seq=self._told, ref=self._out.reference(conv), on=on)
            self._give(near, [encode(frame)])

    async def _look_after(self) -> None:
        await asyncio.sleep(UPKEEP_EVERY_S)
        self._rounds += 1
        self._desks.settle(self._all())
        self._tell_banner()
        await self._check_sessions(self._rounds)

    def _tell_banner(self) -> None:
        text = "\n".join(self._out.settings_problems())
        if text != self._banner:
            self._banner = text
            frame = encode(Banner(seq=self._told, kind="settings", text=text))
            self._give((each for each in self._all() if may(each.caller.account.role, "supervisor")), [frame])

    async def _check_sessions(self, rounds: int) -> None:
        """Each second one part of the sockets, so that all are checked in turn and no second is long."""
        for index, socket in enumerate(self._all()):
            if (index + rounds) % SESSIONS_EVERY_S == 0:
                caller = await self._parts.sessions.by_hash(socket.caller.session.token_hash)
                if caller is None:
                    socket.close(SESSION_OVER, b"session over")
                    await self._desks.dismiss(socket.agent)


def _reports(committed: Committed) -> list[tuple[int, int]]:
    return [
        (event.conv, event.message)
        for entry in committed.entries
        for event in entry.events
        if isinstance(event, ev.DeliveryReported)
    ]


def _notes(committed: Committed) -> list[ev.Noted]:
    return [event for entry in committed.entries for event in entry.events if isinstance(event, ev.Noted)]


def _of(sockets: dict[int, set[DeskSocket]], shares: dict[int, Share]) -> list[DeskSocket]:
    return [socket for agent in shares for socket in sockets.get(agent, set())]
