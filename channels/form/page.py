"""The form's pages as plain HTML: they work without JavaScript. Strings in, strings out."""

from __future__ import annotations

from html import escape

import msgspec

from channels.form.fields import FIELD_CHARS_MAX, FILES_BYTES_MAX, FILES_MAX, Field, Form
from channels.form.wording import LANGUAGES, labelled, word

MEBIBYTE_BYTES = 1024 * 1024
HONEYPOT = "website"
TOKEN_FIELD = "token"  # noqa: S105 - the name of a field
_INPUT_TYPES = {"text": "text", "email": "email", "phone": "tel"}
_AUTOCOMPLETE = {"email": "email", "phone": "tel"}
_OWN_NAMES = {"en": "English", "zh": "中文", "th": "ไทย"}


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What one showing of a form holds. `notice` is a word for the whole page, `faults` codes by field.

    `help`: where somebody finds an answer without writing, empty for nowhere.
    """

    name: str
    form: Form
    language: str
    token: str
    values: dict[str, str] = {}
    faults: dict[str, str] = {}
    notice: str = ""
    help: str = ""


def form_page(view: View) -> str:
    """Return the page of a form, with what was entered and what is wrong with it."""
    title = labelled(view.form.title, view.language, view.name)
    fields = "\n".join(_field(name, field, view) for name, field in view.form.fields.items())
    body = f"""<h1>{escape(title)}</h1>
{_help_link(view.help, view.language)}{_summary(view)}
<form method="post" action="{escape(view.name)}?lang={view.language}"{_encoding(view.form)}{_said(view)} novalidate>
{fields}
<div class="leave" aria-hidden="true"><label for="{HONEYPOT}">{escape(word("leave_empty", view.language))}</label>
<input id="{HONEYPOT}" name="{HONEYPOT}" tabindex="-1" autocomplete="off"></div>
<input type="hidden" name="{TOKEN_FIELD}" value="{escape(view.token)}">
<button type="submit">{escape(word("send", view.language))}</button>
</form>"""
    return _document(title, body, language=view.language, path=view.name)


def thanks_page(
    form: Form, name: str, language: str, *, reference: str, told: str, chat: str = "", help_page: str = ""
) -> str:
    """Return the page after sending. Without a reference (a caught robot) it says the same.

    `chat`: where somebody is reached at once, empty while nobody is. `help_page`: where they find an answer meanwhile.
    """
    number = ""
    if reference:
        label = escape(word("reference", language))
        number = f'<p class="reference"><span>{label}</span> <strong>{escape(reference)}</strong></p>'
    said = f"<p>{escape(told)}</p>" if told else ""
    kept = "kept" if any(field.type == "email" for field in form.fields.values()) else "kept_only"
    now = f'<p><a class="now" href="{escape(chat)}">{escape(word("chat_now", language))}</a></p>' if chat else ""
    title = word("thanks", language)
    body = f"""<h1>{escape(title)}</h1>
<p>{escape(word(kept, language))}</p>
{number}
{said}
{now}
{_help_link(help_page, language)}
<p><a href="../{escape(name)}?lang={language}">{escape(word("another", language))}</a></p>"""
    return _document(f"{title} – {labelled(form.title, language, name)}", body, language=language, path="thanks")


def _help_link(help_page: str, language: str) -> str:
    """Return the way to the help page, in a tab of its own: what is written here stays."""
    if not help_page:
        return ""
    tab = f'<span class="unseen"> ({escape(word("new_tab", language))})</span>'
    link = f'<a href="{escape(help_page)}" target="_blank" rel="noopener">{escape(word("find", language))}{tab}</a>'
    return f'<p class="find">{link}</p>\n'


def _subject(form: Form) -> str:
    """Return the field that says what it is about: the subject, else the message."""
    if "subject" in form.fields and form.fields["subject"].type == "text":
        return "subject"
    return next((name for name, field in form.fields.items() if field.type == "textarea"), "")


def _answers(name: str, view: View) -> str:
    """Return where the script shows what may answer the question while it is typed. Without it nothing is shown."""
    if not view.help or name != _subject(view.form):
        return ""
    said = {"said": "answers", "tab": "new_tab"}
    marks = "".join(f' data-{key}="{escape(word(each, view.language))}"' for key, each in said.items())
    return f'<div class="answers" data-about="{escape(name)}"{marks}><p role="status"></p><ul></ul></div>'


def _said(view: View) -> str:
    """Return what the script says before anything is sent, in the words that would come back."""
    said = {name: word(name, view.language) for name in ("required", "email", "summary", "sending")}
    return "".join(f' data-{name}="{escape(text)}"' for name, text in {"form": view.name, **said}.items())


def _encoding(form: Form) -> str:
    return ' enctype="multipart/form-data"' if form.takes_files else ""


def _summary(view: View) -> str:
    notice = f"<p>{escape(word(view.notice, view.language))}</p>" if view.notice else ""
    items = "".join(
        f'<li><a href="#{escape(name)}">{escape(_label(name, view))}: {escape(word(code, view.language))}</a></li>'
        for name, code in view.faults.items()
    )
    if not notice and not items:
        return ""
    heading = f"<h2>{escape(word('summary', view.language))}</h2><ul>{items}</ul>" if items else ""
    return f'<div class="summary" role="alert" tabindex="-1" autofocus>{notice}{heading}</div>'


def _label(name: str, view: View) -> str:
    return labelled(view.form.fields[name].label, view.language, name)


def _field(name: str, field: Field, view: View) -> str:
    key = escape(name)
    optional = "" if field.required else f' <span class="optional">({escape(word("optional", view.language))})</span>'
    described = []
    notes = ""
    if field.help:
        described.append(f"{key}-help")
        notes += f'<p class="help" id="{key}-help">{escape(labelled(field.help, view.language, ""))}</p>'
    if field.type == "file":
        described.append(f"{key}-limits")
        limits = word("files_again" if view.values.get(name) else "files_limits", view.language)
        said = limits.format(n=FILES_MAX, size=FILES_BYTES_MAX // MEBIBYTE_BYTES)
        notes += f'<p class="help" id="{key}-limits">{escape(said)}</p>'
    if name in view.faults:
        described.append(f"{key}-fault")
        fault = escape(word(view.faults[name], view.language))
        notes += f'<p class="fault" id="{key}-fault">{fault}</p>'
    marks = f' aria-describedby="{" ".join(described)}"' if described else ""
    marks += ' aria-invalid="true"' if name in view.faults else ""
    marks += " required" if field.required else ""
    label = f'<label for="{key}">{escape(_label(name, view))}{optional}</label>'
    return f'<div class="field">{label}{notes}{_control(name, field, view, marks)}</div>{_answers(name, view)}'


def _control(name: str, field: Field, view: View, marks: str) -> str:
    key, value = escape(name), view.values.get(name, "")
    longest = FIELD_CHARS_MAX[field.type]
    if field.type == "file":
        return f'<input id="{key}" name="{key}" type="file" multiple{marks}>'
    if field.type == "textarea":
        return f'<textarea id="{key}" name="{key}" rows="7" maxlength="{longest}"{marks}>{escape(value)}</textarea>'
    if field.type == "select":
        options = "".join(_option(code, labels, value, view.language) for code, labels in field.options.items())
        first = f'<option value="">{escape(word("choose", view.language))}</option>'
        return f'<select id="{key}" name="{key}"{marks}>{first}{options}</select>'
    kind, complete = _INPUT_TYPES[field.type], _AUTOCOMPLETE.get(field.type, "name" if name == "name" else "on")
    return (
        f'<input id="{key}" name="{key}" type="{kind}" value="{escape(value)}" maxlength="{longest}"'
        f' autocomplete="{complete}"{marks}>'
    )


def _option(code: str, labels: dict[str, str], chosen: str, language: str) -> str:
    selected = " selected" if code == chosen else ""
    return f'<option value="{escape(code)}"{selected}>{escape(labelled(labels, language, code))}</option>'


def _document(title: str, body: str, *, language: str, path: str) -> str:
    others = " ".join(
        f'<a href="?lang={tag}" lang="{tag}" hreflang="{tag}">{_OWN_NAMES[tag]}</a>'
        for tag in LANGUAGES
        if tag != language and path != "thanks"
    )
    base = "../" if path == "thanks" else ""
    return f"""<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<link rel="stylesheet" href="{base}form.css">
<script type="module" src="{base}form.js"></script>
</head>
<body>
<main>
{body}
</main>
<footer>{others}</footer>
</body>
</html>
"""
