"""What was posted to a form: fields, token, trap; and the message it becomes. No page, no limits."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from channels.contract import Attachment, Identity, LineRef, MessageIn
from channels.form.fields import Form
from channels.form.page import HONEYPOT, TOKEN_FIELD
from channels.form.tokens import Token
from channels.form.wording import labelled
from channels.typed import typed

# No form has more fields; a body of a million empty ones costs nothing.
FIELDS_MAX = 100
# The largest body of a form takes less over any line; who needs longer holds a place that others need.
PARTS_S_MAX = 20.0
NAME_CHARS_MAX = 250
MULTIPART, URLENCODED, JSON = "multipart/form-data", "application/x-www-form-urlencoded", "application/json"


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What was posted. `as_json`: the answer is JSON, too. The value of a file field is the names of its files."""

    values: dict[str, str]
    token: str
    trap: str
    as_json: bool
    files: tuple[Attachment, ...] = ()


async def read_post(request: web.Request, form: Form) -> Sent:
    """Return the posted fields. Raises ValueError for anything but form fields or a JSON object of texts in UTF-8."""
    posted = await _fields(request)
    values = {
        name: typed(value, lines=field.type == "textarea")
        for name, field in form.fields.items()
        if isinstance(value := posted.get(name, ""), str) and field.type != "file"
    }
    held = {name: posted.get(name) for name, field in form.fields.items() if field.type == "file"}
    files = {name: given for name, given in held.items() if isinstance(given, list)}
    values |= {name: ", ".join(file.name for file in given) for name, given in files.items()}
    token, trap = posted.get(TOKEN_FIELD, ""), posted.get(HONEYPOT, "")
    return Sent(
        values=values,
        token=token if isinstance(token, str) else "",
        trap=trap if isinstance(trap, str) else "file",
        as_json=request.content_type == JSON,
        files=tuple(file for given in files.values() for file in given),
    )


async def _fields(request: web.Request) -> Mapping[str, object]:
    if request.content_type == JSON:
        return msgspec.json.decode(await request.read(), type=dict[str, str])
    if request.content_type == MULTIPART:
        return await _parts(request)
    if request.content_type != URLENCODED:
        raise ValueError("another kind of body")
    body = (await request.read()).decode("utf-8")
    pairs = parse_qsl(body, keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX)
    return dict(reversed(pairs))


async def _parts(request: web.Request) -> Mapping[str, object]:
    """Read a body in parts, which is bounded in bytes by its route, and here in time."""
    try:
        async with asyncio.timeout(PARTS_S_MAX):
            posted = await request.post()
            found: dict[str, object] = {name: posted[name] for name in posted}
            for name in posted:
                given = [value for value in posted.getall(name) if isinstance(value, web.FileField)]
                found |= {name: [_file(value) for value in given if value.filename]} if given else {}
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except (web.HTTPException, ConnectionError):
        raise
    except Exception:
        # The library raises whatever the decoder of a part's own encoding raises, or the payload's, or nobody's.
        raise ValueError("no form data") from None
    if len(posted) > FIELDS_MAX:
        raise ValueError("too many fields")
    return found


def _file(part: web.FileField) -> Attachment:
    """Read a file and let go of where the library kept it: in memory, or on disk without a name."""
    with part.file:
        content = part.file.read()
    name = typed(part.filename, lines=False)[:NAME_CHARS_MAX]
    return Attachment(name=name, media_type=part.content_type[:100], size_bytes=len(content), content=content)


def address_in(form: Form, values: Mapping[str, str]) -> str:
    """Return the e-mail address that was typed, empty for none."""
    return next((values.get(name, "").lower() for name, field in form.fields.items() if field.type == "email"), "")


def signal_of(form: Form, sent: Sent, token: Token, *, language: str, name: str) -> MessageIn:
    """The message is on a mail thread to the typed address; a form without one is a line of its own.

    The same token with other words is a second message of the same conversation: nothing is lost to a back button.
    With another address it is another customer's.
    """
    values = sent.values
    address = address_in(form, values)
    thread = hashlib.sha256(f"{token.nonce}\0{address}".encode()).hexdigest()[:16]
    filled = {key: field for key, field in form.fields.items() if values.get(key)}
    prints = [hashlib.sha256(file.content).hexdigest() for file in sent.files]
    said = sorted(values.items())
    words = hashlib.sha256(msgspec.json.encode([said, prints] if prints else said)).hexdigest()[:16]
    typed_identities = tuple(
        Identity(kind=field.type, value=values[key].lower() if field.type == "email" else values[key])
        for key, field in filled.items()
        if field.type in {"email", "phone"}
    )
    return MessageIn(
        line=LineRef(channel="email" if address else "form", key=thread, peer=address),
        dedupe=f"{token.nonce}:{words}",
        text=_text(form, values, language),
        name=values.get("name", ""),
        language=language,
        identities=typed_identities,
        declared={key: values[key] for key, field in filled.items() if field.fact},
        arrived_by="form",
        no_auto_answer=not address,
        attachments=tuple(file for file in sent.files if file.content),
        extra={"form": name},
    )


def _text(form: Form, values: Mapping[str, str], language: str) -> str:
    """Return what was written, then every other answer under its label, so that the agent sees all of it."""
    filled = [(key, field) for key, field in form.fields.items() if values.get(key)]
    said = [values[key] for key, field in filled if field.type == "textarea"]
    answers = [
        f"{labelled(field.label, language, key)}: {_shown(values[key], field.options, language)}"
        for key, field in filled
        if field.type in {"text", "select"} and key != "name"
    ]
    return "\n\n".join([*said, "\n".join(answers)] if answers else said)


def _shown(value: str, options: Mapping[str, dict[str, str]], language: str) -> str:
    return labelled(options[value], language, value) if value in options else value
