"""Routes of the rules' screen: the page, versions and files, trials, weeks; checking again and putting back."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web

from dashboard import headers
from dashboard.errors import ApiError
from dashboard.parts import Parts
from dashboard.requests import Nothing
from dashboard.routes import Call, Route
from dashboard.rules.page import RulesPages
from dashboard.rules.shapes import (
    ArchiveAsked,
    DayShape,
    DiffAsked,
    DiffShape,
    DiskShape,
    FileAsked,
    FileText,
    RollBackRequest,
    RulesPage,
    TriedShape,
    TryRequest,
    VersionShape,
    WeekAsked,
    WeekQueue,
    WeekShape,
    WeeksShape,
)
from dashboard.rules.trying import Trials
from dashboard.rules.versions import Versions
from dashboard.shapes import Reached
from router.core.bundle import Bundle
from router.settings.problems import SettingsError

TRIED_BODY_BYTES_MAX = 64 * 1024


class Rules:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._out = parts, parts.out
        self._rulebook = parts.out.rulebook
        self.versions = Versions(parts.out, parts.staff, self._rulebook)
        self.pages = RulesPages(parts.out, self.versions, self._rulebook)
        self.trials = Trials(parts, self.versions, self._rulebook)

    def _running(self) -> Bundle:
        bundle = self._out.floor.bundle
        if bundle is None:
            raise ApiError("not_configured")
        return bundle

    async def page(self, call: Call) -> RulesPage:
        del call
        return await self.pages.page()

    async def listed(self, call: Call) -> list[VersionShape]:
        del call
        return await self.versions.listed()

    async def file(self, call: Call) -> FileText:
        """Return one file's text, of a version or on disk."""
        text = (await self.versions.files(call.ask.version)).get(call.ask.name)
        if text is None:
            raise ApiError("not_found")
        return FileText(name=call.ask.name, text=text)

    async def archive(self, call: Call) -> web.StreamResponse:
        """Return all files of a version in one."""
        body = await self.versions.archive(call.ask.version)
        name = quote(f"patchbay-{(call.ask.version or self._out.floor.state.bundle_hash)[:8]}.zip")
        told = {**headers.DATA, "Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(body=body, content_type="application/zip", headers=told)

    async def difference(self, call: Call) -> DiffShape:
        return DiffShape(files=await self.versions.difference(call.ask.before, call.ask.after))

    async def check(self, call: Call) -> DiskShape:
        """Read the files again, now."""
        del call
        await self._rulebook.check_again()
        return await self.pages.disk()

    async def put_back(self, call: Call) -> Reached:
        """Apply an earlier version, by order."""
        name = call.part("name")
        if name == self._out.floor.state.bundle_hash:
            return Reached(position=self._out.floor.position)
        command_id = self._parts.commands.id(call.me, "rollback", call.ask.command_id)
        try:
            await self._rulebook.roll_back(name, by=call.me, why=call.ask.reason, command_id=command_id)
        except LookupError:
            raise ApiError("version_unknown") from None
        except SettingsError as fault:
            raise ApiError("version_unreadable", str(fault.problems[0])) from None
        return Reached(position=self._out.floor.position)

    async def weeks(self, call: Call) -> WeeksShape:
        """Return the week of every calendar, with the queues that keep it as they stand now."""
        at = call.ask.at_ms or self._out.now_ms()
        running = self._running()
        try:
            found = await self._rulebook.weeks(running, at)
        except SettingsError as fault:
            raise ApiError("files_unreadable", str(fault.problems[0])) from None
        return WeeksShape(
            at_ms=at,
            weeks=[
                WeekShape(
                    calendar=week.calendar,
                    zone=week.zone,
                    days=[
                        DayShape(
                            date=day.date, start_ms=day.start_ms, why=day.why, spans=[[*span] for span in day.spans]
                        )
                        for day in week.days
                    ],
                    queues=self._queues(running, week.calendar),
                )
                for week in found
            ],
        )

    def _queues(self, bundle: Bundle, calendar: str) -> list[WeekQueue]:
        state, now_ms = self._out.floor.state, self._out.now_ms()
        found = []
        for name, spec in bundle.queues.items():
            if spec.hours != calendar:
                continue
            standing = state.queue_state(name)
            ordered = standing.closure_until_ms > now_ms
            why = "emergency" if state.emergency_until_ms > now_ms else "closure" if ordered else "hours"
            found.append(
                WeekQueue(
                    name=name,
                    label=spec.label,
                    open=standing.open,
                    opens_ms=0 if standing.open else standing.until_ms,
                    until_ms=standing.until_ms if standing.open else 0,
                    closed_by="" if standing.open else why,
                )
            )
        return found


def routes(parts: Parts) -> list[Route]:
    """Return the routes of this file."""
    rules = Rules(parts)
    return [
        Route(
            method="GET", path="/rules", summary="What runs, how the files stand, each rule with its matches",
            answers=RulesPage, handler=rules.page, refusals=True,
        ),
        Route(
            method="GET", path="/rules/versions", summary="Versions that were applied, newest first",
            answers=list[VersionShape], handler=rules.listed,
        ),
        Route(
            method="GET", path="/rules/file", summary="One file of a version, or on disk", ask=FileAsked,
            answers=FileText, handler=rules.file, refusals=True,
        ),
        Route(
            method="GET", path="/rules/archive", summary="All files of a version", ask=ArchiveAsked, raw=True,
            answers=None, handler=rules.archive, refusals=True,
        ),
        Route(
            method="GET", path="/rules/diff", summary="How two versions differ, or one and the disk", ask=DiffAsked,
            answers=DiffShape, handler=rules.difference, refusals=True,
        ),
        Route(
            method="POST", path="/rules/check", summary="Read the files on disk again", role="supervisor",
            ask=Nothing, answers=DiskShape, handler=rules.check, refusals=True,
        ),
        Route(
            method="POST", path="/rules/versions/{name}/apply", summary="Put an earlier version back",
            role="supervisor", ask=RollBackRequest, answers=Reached, handler=rules.put_back, refusals=True,
        ),
        Route(
            method="POST", path="/rules/try", summary="What would become of a message", ask=TryRequest,
            answers=TriedShape, handler=rules.trials.tried, refusals=True, body_bytes_max=TRIED_BODY_BYTES_MAX,
        ),
        Route(
            method="GET", path="/conversations/{ref}/placed", summary="By which rule it was placed, and why",
            answers=TriedShape, handler=rules.trials.placed, refusals=True,
        ),
        Route(
            method="GET", path="/rules/weeks", summary="Calendars as weeks, with the queues that keep them",
            ask=WeekAsked, answers=WeeksShape, handler=rules.weeks, refusals=True,
        ),
    ]  # fmt: skip
