"""Web forms: plain HTML that works without JavaScript, and JSON for pages that post by script.

A form cannot be answered: its message opens a mail thread to the address in it. A form without one is only read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from urllib.parse import quote

import msgspec
from aiohttp import web

from channels.contract import (
    AnyEffect,
    Capabilities,
    Decided,
    Done,
    Door,
    LetterboxClosed,
    Route,
    Undeliverable,
)
from channels.contract import Settings as CommonSettings
from channels.form.fields import CONTACT, FILES_BYTES_MAX, Form, faults, file_fault
from channels.form.page import HONEYPOT, TOKEN_FIELD, View, form_page, thanks_page
from channels.form.posts import Sent, address_in, read_post, signal_of
from channels.form.tokens import TOKEN_MS_MAX, Token, issue, read
from channels.form.wording import choose_language, lasting, word
from channels.origins import client_ip, is_own, origin_of
from router.intake.rates import Buckets

CAPABILITIES = Capabilities(delivery="call", live=False, load=10, effects=())
# The longest message in a script of three bytes a letter, each written as %XX, and the other fields beside it.
BODY_BYTES_MAX = 256 * 1024
DECISION_WAIT_MS = 1_000
FILES = {"form.css": "text/css", "form.js": "text/javascript", "answers.js": "text/javascript"}
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_REFERENCE = re.compile(r"[0-9A-Z-]{4,24}")
# Milliseconds up to the year 5138: digits of ASCII, for other scripts have digits that are no number.
_MOMENT = re.compile(r"[0-9]{1,14}")
# Minutes, less than two months of them.
_WITHIN = re.compile(r"[1-9][0-9]{0,4}")
# Refusals come with this: soon enough to be tried, late enough not to hammer.
RETRY_AFTER_S = 30
# The channel that who has sent a form may go on by.
CHAT = "chat"
_UNKNOWN_PAGE = "This page may not post this form: add its origin to the form's settings."
SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Settings(CommonSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `form` entry of channels.yaml. `proxies` are our own, whose X-Forwarded-For may be believed.

    `chat`: the key of the widget whose chat is offered after sending, while `chat_queue` is open and somebody there is
    free.
    """

    forms: dict[str, Form] = msgspec.field(default_factory=lambda: {"contact": CONTACT})
    chat: str = ""
    chat_queue: str = ""
    per_address_an_hour: int = 10
    per_ip_an_hour: int = 60
    proxies: tuple[str, ...] = ()

    def leads_to(self) -> Mapping[str, tuple[str, str]]:
        """Who has sent a form is led to a chat."""
        return {"chat": (CHAT, self.chat)} if self.chat else {}

    def offers(self) -> tuple[str, ...]:
        """The forms."""
        return tuple(self.forms)


class Forms:
    """All forms of a site."""

    def __init__(self, settings: Settings, door: Door) -> None:
        self.capabilities = CAPABILITIES
        self._settings = settings
        self._door = door
        self._secret = door.secret("tokens")
        self._by_ip = Buckets(settings.per_ip_an_hour, HOUR_MS)
        self._by_address = Buckets(settings.per_address_an_hour, HOUR_MS)
        beside = Path(__file__).parent
        self._files = {name: (kind, (beside / name).read_bytes()) for name, kind in FILES.items()}

    def routes(self) -> Sequence[Route]:
        """The page, its post, its token for scripts, its thanks, its style."""
        takes_files = any(form.takes_files for form in self._settings.forms.values())
        body_bytes_max = BODY_BYTES_MAX + (FILES_BYTES_MAX if takes_files else 0)
        return (
            *(Route(method="GET", path=f"/{name}", handler=partial(self._file, name)) for name in FILES),
            Route(method="GET", path="/{form}", handler=self._show),
            Route(method="GET", path="/{form}/token", handler=self._give_token),
            Route(method="GET", path="/{form}/thanks", handler=self._thanks),
            Route(method="POST", path="/{form}", handler=self._post, body_bytes_max=body_bytes_max),
            Route(method="OPTIONS", path="/{form}", handler=self._preflight),
        )

    async def listen(self) -> None:
        """A form holds no link."""
        return

    async def perform(self, effect: AnyEffect) -> Done:
        """Nobody can be answered on a form."""
        del effect
        raise Undeliverable("form_has_no_answer")

    async def find(self, key: str) -> Done | None:
        """Nothing was ever sent."""
        del key
        return None

    # --- pages ------------------------------------------------------------------------------------------------

    async def _file(self, name: str, request: web.Request) -> web.StreamResponse:
        del request
        kind, body = self._files[name]
        headers = {"Cache-Control": "max-age=300", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)

    async def _show(self, request: web.Request) -> web.StreamResponse:
        name, form = self._form(request)
        token = issue(self._secret, name, self._door.now_ms())
        language = _language(request)
        view = View(name=name, form=form, language=language, token=token, help=await self._door.help_page(language))
        return _page(form_page(view))

    async def _give_token(self, request: web.Request) -> web.StreamResponse:
        name, form = self._form(request)
        if not self._may_post(request, form):
            return _refused(403, "origin", _UNKNOWN_PAGE)
        token = issue(self._secret, name, self._door.now_ms())
        return web.json_response({"token": token}, headers=_cors(request) | {"Cache-Control": "no-store"})

    async def _thanks(self, request: web.Request) -> web.StreamResponse:
        name, form = self._form(request)
        language = _language(request)
        reference = request.query.get("ref", "")
        opens = request.query.get("opens", "")
        within = request.query.get("within", "")
        told = ""
        if _MOMENT.fullmatch(opens) and _REFERENCE.fullmatch(reference):
            told = self._door.text("off-hours", language, int(opens)).replace("{reference}", reference)
        elif _WITHIN.fullmatch(within):
            told = word("within", language).replace("{time}", lasting(int(within), language))
        shown = reference if _REFERENCE.fullmatch(reference) else ""
        chat, answers = self._chat(language), await self._door.help_page(language)
        return _page(thanks_page(form, name, language, reference=shown, told=told, chat=chat, help_page=answers))

    def _chat(self, language: str) -> str:
        """Return where somebody can be reached at once, empty while nobody is."""
        chat, queue = self._settings.chat, self._settings.chat_queue
        if not chat or (queue and not (self._door.opening(queue)[0] and self._door.is_free(queue, CHAT))):
            return ""
        site = quote(chat, safe="")
        return f"{self._door.public_url}/channels/chat/frame?site={site}#{site}/{language}/"

    async def _preflight(self, request: web.Request) -> web.StreamResponse:
        _, form = self._form(request)
        if not origin_of(request) or not self._may_post(request, form):
            return _refused(403, "origin", _UNKNOWN_PAGE)
        allowed = {"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "Content-Type"}
        return web.Response(status=204, headers=_cors(request) | allowed | {"Access-Control-Max-Age": "600"})

    def _form(self, request: web.Request) -> tuple[str, Form]:
        name = request.match_info["form"]
        form = self._settings.forms.get(name)
        if form is None:
            raise web.HTTPNotFound(text="There is no such form.")
        return name, form

    # --- posting ----------------------------------------------------------------------------------------------

    async def _post(self, request: web.Request) -> web.StreamResponse:
        name, form = self._form(request)
        if not self._may_post(request, form):
            return _refused(403, "origin", _UNKNOWN_PAGE)
        try:
            sent = await read_post(request, form)
        except (ValueError, LookupError, msgspec.MsgspecError):
            return _refused(400, "unreadable", "Post form fields or one JSON object of texts, in UTF-8.")
        if sent.trap:
            return self._answer(request, name, sent, reference="")
        token = read(self._secret, sent.token)
        notice, status = self._too_soon_or_late(token, name, form)
        wrong = self._wrong(form, sent)
        if notice or wrong or token is None:
            # What is wrong with a field is said alone: to press again as it is would not help.
            return await self._again(request, sent, notice="" if wrong else notice, faults_found=wrong, status=status)
        return await self._accept(request, sent, token)

    def _wrong(self, form: Form, sent: Sent) -> dict[str, str]:
        files = file_fault([file.size_bytes for file in sent.files])
        field = next((name for name, each in form.fields.items() if each.type == "file"), "")
        return faults(form, sent.values) | ({field: files} if files and field else {})

    def _too_soon_or_late(self, token: Token | None, name: str, form: Form) -> tuple[str, int]:
        """A person who fills fast is asked to press once more; a robot does not."""
        if token is None or token.form != name:
            return "again", 422
        age_ms = self._door.now_ms() - token.issued_ms
        return ("", 422) if form.fill_ms_min <= age_ms <= TOKEN_MS_MAX else ("again", 422)

    async def _accept(self, request: web.Request, sent: Sent, token: Token) -> web.StreamResponse:
        name, form = self._form(request)
        address, ip, now_ms = (
            address_in(form, sent.values),
            client_ip(request, self._settings.proxies),
            self._door.now_ms(),
        )
        if not (self._by_ip.take(ip, now_ms) and self._by_address.take(address or token.nonce, now_ms)):
            return await self._again(request, sent, notice="slow_down", faults_found={}, status=429)
        signal = signal_of(form, sent, token, language=_language(request), name=name)
        try:
            (accepted,) = await self._door.accept([signal])
        except LetterboxClosed:
            return await self._again(request, sent, notice="closed", faults_found={}, status=503)
        decided = await self._door.decided(accepted.letter, wait_ms=DECISION_WAIT_MS)
        reference = decided.reference if decided and decided.reference else f"L-{accepted.letter:04d}"
        return self._answer(request, name, sent, reference=reference, decided=decided)

    def _answer(
        self, request: web.Request, name: str, sent: Sent, *, reference: str, decided: Decided | None = None
    ) -> web.StreamResponse:
        opens_ms, answer_by_ms = (decided.opens_ms, decided.answer_by_ms) if decided else (0, 0)
        if sent.as_json:
            body = {"reference": reference, "state": "kept", "opens_ms": opens_ms, "answer_by_ms": answer_by_ms}
            return web.json_response(body, status=201, headers=_cors(request))
        minutes = -(-(answer_by_ms - self._door.now_ms()) // MINUTE_MS) if answer_by_ms else 0
        query = f"lang={_language(request)}&ref={reference}"
        query += (f"&opens={opens_ms}" if opens_ms else "") + (f"&within={minutes}" if minutes > 0 else "")
        # Relative, so that it stays on the host under which the form was opened, as its policy demands.
        location = f"{name}/thanks?{query}"
        return web.Response(status=303, headers={"Location": location, "Cache-Control": "no-store"})

    async def _again(
        self, request: web.Request, sent: Sent, *, notice: str, faults_found: dict[str, str], status: int
    ) -> web.StreamResponse:
        """Show the form again with what was entered, or say the same in JSON. Nothing was kept."""
        name, form = self._form(request)
        language = _language(request)
        headers = {"Retry-After": str(RETRY_AFTER_S)} if status in {429, 503} else {}
        if sent.as_json:
            problems = {field: word(code, language) for field, code in faults_found.items()}
            error = {"code": notice or "fields", "message": word(notice or "summary", language), "fields": problems}
            cors = _cors(request)
            return web.json_response({"error": error}, status=status, headers=cors | headers)
        view = View(
            name=name,
            form=form,
            language=language,
            token=self._fresh_or_same(sent.token, name),
            values=sent.values,
            faults=faults_found,
            notice=notice,
            help=await self._door.help_page(language),
        )
        return _page(form_page(view), status=status, headers=headers)

    def _fresh_or_same(self, text: str, name: str) -> str:
        """A valid token stays, so that a second press is the same submission; any other is replaced."""
        token = read(self._secret, text)
        now_ms = self._door.now_ms()
        if token is not None and token.form == name and now_ms - token.issued_ms <= TOKEN_MS_MAX:
            return text
        return issue(self._secret, name, now_ms)

    def _may_post(self, request: web.Request, form: Form) -> bool:
        """CORS protects nobody from a plain form on another page: the origin is looked at, whoever posts."""
        origin = origin_of(request)
        return not origin or origin in form.origins or is_own(origin, request, self._door.public_url)


def _language(request: web.Request) -> str:
    return choose_language(request.query.get("lang", ""), request.headers.get("Accept-Language", ""))


def _page(html: str, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(text=html, status=status, content_type="text/html", headers={**SECURITY, **(headers or {})})


def _refused(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)


def _cors(request: web.Request) -> dict[str, str]:
    """Of a request that has passed the origin check."""
    origin = request.headers.get("Origin", "")
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"} if origin else {}


def build(settings: CommonSettings, door: Door, environment: Mapping[str, str]) -> Forms:
    """Make the channel. Raises ValueError when a form has a field that cannot be."""
    del environment
    assert isinstance(settings, Settings), "the loader reads this entry by our own Settings"
    for name, form in settings.forms.items():
        taken = {HONEYPOT, TOKEN_FIELD} & set(form.fields)
        if taken:
            raise ValueError(f"form.forms.{name}: a field may not be called {', '.join(sorted(taken))}")
        for key, field in form.fields.items():
            if not _NAME.fullmatch(key):
                raise ValueError(f"form.forms.{name}: a field is named with letters, digits, - and _, unlike '{key}'")
            if field.fact and field.type != "select":
                raise ValueError(f"form.forms.{name}.{key}: only a select can be a fact; free text is personal")
    return Forms(settings, door)


__all__ = ["CAPABILITIES", "Forms", "Settings", "build"]
