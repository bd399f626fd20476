"""Routes of a person's own things: session, configuration as screens need it, shift, presence, drafts."""

from __future__ import annotations

import re
from contextlib import suppress

from dashboard.config_shapes import ChannelChoice, Config, IdleShape, PresenceChoice, QueueChoice
from dashboard.errors import ApiError, bad_field, refused
from dashboard.hub import Hub
from dashboard.parts import Parts
from dashboard.requests import (
    DraftRequest,
    EndShiftRequest,
    Nothing,
    PresenceRequest,
    ShiftRequest,
    SignInRequest,
)
from dashboard.routes import BODY_BYTES_MAX, Answer, Call, Route
from dashboard.shapes import DatedDraft, Reached, SignedIn
from dashboard.staff import abilities_at_presence, abilities_of, me_of
from router.core import commands as cmd
from router.core.bundle import Bundle
from router.floor.inbox import FloorAway
from router.store.port import Account

# A draft belongs to a tab of a conversation, so there can be no more drafts than those.
DRAFT_KEY = re.compile(r"([0-9A-Za-z]{1,40}):[a-z]{1,16}")


class People:
    """The handlers."""

    def __init__(self, parts: Parts, hub: Hub) -> None:
        self._parts, self._out, self._hub = parts, parts.out, hub

    async def sign_in(self, call: Call) -> Answer:
        caller, token = await self._parts.sessions.sign_in(
            call.ask.login.strip(), call.ask.password, call.http.remote or ""
        )
        return Answer(SignedIn(me=me_of(caller.account), csrf=caller.session.csrf), cookie=token)

    async def sign_out(self, call: Call) -> Answer:
        """End the session, and the shift where nothing live holds it; where something does, the grace decides."""
        agent = call.me
        if agent in self._out.floor.state.agents:
            command = cmd.SignOut(id=self._parts.commands.id(agent, "shift_end"), agent=agent)
            # Where nobody can be asked now, the lost desk ends the shift after its grace.
            with suppress(FloorAway):
                await self._parts.commands.attempt(command)
        await self._parts.sessions.end(call.caller)
        self._hub.close_session(call.caller.session.token_hash)
        return Answer(cookie="")

    async def me(self, call: Call) -> SignedIn:
        return SignedIn(me=me_of(call.caller.account), csrf=call.caller.session.csrf)

    async def config(self, call: Call) -> Config:
        """What screens must know of the running configuration."""
        bundle = self.bundle()
        state = self._out.floor.state
        return Config(
            site=bundle.site,
            zone=bundle.zone,
            languages=list(bundle.languages),
            queues=[
                QueueChoice(
                    name=name,
                    label=queue.label,
                    open=state.queue_state(name).open,
                    opens_ms=0 if state.queue_state(name).open else state.queue_state(name).until_ms,
                    wrap_up_mode=queue.wrap_up_mode,
                    outcomes=list(queue.outcomes),
                )
                for name, queue in bundle.queues.items()
            ],
            presences=[
                PresenceChoice(
                    name=each.name, label=each.label, accepts=each.accepts, shape=each.shape, idle=each.idle_ms > 0
                )
                for each in bundle.presences.values()
            ],
            dispositions=list(bundle.dispositions),
            outcome_reasons={name: list(reasons) for name, reasons in bundle.outcome_reasons.items()},
            decline_reasons=list(bundle.decline_reasons),
            channels=[
                ChannelChoice(name=name, live=spec.live, load=spec.load) for name, spec in bundle.channels.items()
            ],
            version=self._parts.version,
            calendar=bundle.calendar,
            idle=_idle_of(call.caller.account, bundle),
        )

    def bundle(self) -> Bundle:
        """Return the running configuration. Raises ApiError `not_configured` before the first."""
        if self._out.floor.bundle is None:
            raise ApiError("not_configured")
        return self._out.floor.bundle

    async def begin_shift(self, call: Call) -> Reached:
        """Sign in to the floor with what the account can do now; desks that are open are attached at once."""
        account, bundle = call.caller.account, self.bundle()
        command = cmd.SignIn(
            id=self._parts.commands.id(account.id, "shift", call.ask.command_id),
            agent=account.id,
            abilities=abilities_of(account, bundle),
            capacity=account.capacity or bundle.capacity,
            presence=call.ask.presence or "",
            until_ms=call.ask.until_ms,
        )
        made = await self._parts.commands.submit(command)
        self._hub.settle(account.id)
        return Reached(position=made.position)

    async def end_shift(self, call: Call) -> Reached:
        command = cmd.SignOut(
            id=self._parts.commands.id(call.me, "shift_end", call.ask.command_id),
            agent=call.me,
            forced=call.ask.forced,
        )
        return Reached(position=(await self._parts.commands.submit(command)).position)

    async def presence(self, call: Call) -> Reached:
        """Choose a presence; or a desk says that nobody touches it, or somebody does again."""
        told = _idle_of(call.caller.account, self.bundle())
        if call.ask.idle and told is None:
            raise refused("not_idle")
        command = cmd.SetPresence(
            id=self._parts.commands.id(call.me, "presence", call.ask.command_id),
            agent=call.me,
            presence=call.ask.presence,
            when=call.ask.when,
            abilities=abilities_at_presence(call.caller.account, self._out.floor.bundle),
            idle=call.ask.idle,
        )
        return Reached(position=(await self._parts.commands.submit(command)).position)

    async def drafts(self, call: Call) -> dict[str, str]:
        """Of words: uploads, which are kept beside them, have a list of their own."""
        kept = await self._out.store.accounts.drafts(self._out.floor.site, call.me)
        return {key: text for key, text in kept.items() if DRAFT_KEY.fullmatch(key)}

    async def dated_drafts(self, call: Call) -> dict[str, DatedDraft]:
        """The same with when each was kept: a screen shows it of what was written at another machine."""
        kept = await self._out.store.accounts.drafts_of(self._out.floor.site, call.me)
        return {each.key: DatedDraft(text=each.text, at=each.at) for each in kept if DRAFT_KEY.fullmatch(each.key)}

    async def save_draft(self, call: Call) -> None:
        """Keep a draft; an empty text forgets it."""
        key = call.part("key")
        named = DRAFT_KEY.fullmatch(key)
        if named is None:
            raise bad_field("key", "Write the conversation's reference, a colon and the tab: `7K3M9P2Q4R:reply`.")
        if call.ask.text:
            await self._parts.places.row(call.caller.account, named[1])
        site, now_ms = self._out.floor.site, self._out.now_ms()
        await self._out.store.accounts.save_draft(site, call.me, key, call.ask.text, now_ms)


def _idle_of(account: Account, bundle: Bundle) -> IdleShape | None:
    """Return what begins for this account when nobody touches its desk."""
    for each in bundle.presences.values():
        if each.idle_ms and (not each.teams or account.team in each.teams):
            return IdleShape(presence=each.name, after_ms=each.idle_ms)
    return None


def routes(parts: Parts, hub: Hub) -> list[Route]:
    """Return the routes of this file."""
    people = People(parts, hub)
    return [
        Route(
            method="POST", path="/session", summary="Sign in", role="",
            ask=SignInRequest, answers=SignedIn, handler=people.sign_in,
        ),
        Route(
            method="DELETE", path="/session", summary="Sign out, also of the floor where allowed",
            ask=Nothing, answers=None, handler=people.sign_out,
        ),
        Route(method="GET", path="/me", summary="Who am I", answers=SignedIn, handler=people.me),
        Route(
            method="GET", path="/config", summary="The running configuration, as screens need it",
            answers=Config, handler=people.config, refusals=True,
        ),
        Route(
            method="POST", path="/shift", summary="Sign in to the floor",
            ask=ShiftRequest, answers=Reached, handler=people.begin_shift, refusals=True,
        ),
        Route(
            method="DELETE", path="/shift", summary="Sign out of the floor",
            ask=EndShiftRequest, answers=Reached, handler=people.end_shift, refusals=True,
        ),
        Route(
            method="POST", path="/presence", summary="Choose a presence",
            ask=PresenceRequest, answers=Reached, handler=people.presence, refusals=True,
        ),
        Route(method="GET", path="/drafts", summary="My drafts", answers=dict[str, str], handler=people.drafts),
        Route(
            method="GET", path="/drafts/dated", summary="My drafts, with when each was kept",
            answers=dict[str, DatedDraft], handler=people.dated_drafts,
        ),
        Route(
            method="PUT", path="/drafts/{key}", summary="Keep a draft; an empty text forgets it",
            ask=DraftRequest, answers=None, handler=people.save_draft, body_bytes_max=BODY_BYTES_MAX,
        ),
    ]  # fmt: skip
