"""Fields of a form: their settings, and what may be in them. No page, no request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

FIELD_CHARS_MAX = {"text": 200, "email": 254, "phone": 40, "select": 60, "textarea": 10_000, "file": 2_000}
# Files of one form, and all of them together: what a telephone sends in the time a form may take.
FILES_MAX, FILES_BYTES_MAX = 5, 10 * 1024 * 1024
_EMAIL = re.compile(r"[^@\s<>,;:\"()]{1,64}@[^@\s<>,;:\"().]{1,63}(?:\.[^@\s<>,;:\"().]{1,63})+")
_PHONE = re.compile(r"\+?[0-9 ()./-]{5,40}")
# Spam is mostly addresses of pages; a person rarely writes more than these.
LINKS_MAX = 8


class Field(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One field. `options` maps a value to its label per language; `fact` lets rules see the value."""

    type: Literal["text", "email", "phone", "textarea", "select", "file"] = "text"
    label: dict[str, str] = {}
    help: dict[str, str] = {}
    required: bool = False
    fact: bool = False
    options: dict[str, dict[str, str]] = {}


class Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One form. `origins` are pages of other hosts that may post it, such as https://www.example.com."""

    title: dict[str, str] = {}
    fields: dict[str, Field]
    origins: tuple[str, ...] = ()
    fill_ms_min: int = 3_000

    @property
    def takes_files(self) -> bool:
        """Whether one of its fields is a file."""
        return any(field.type == "file" for field in self.fields.values())


def faults(form: Form, values: dict[str, str]) -> dict[str, str]:
    """Return the code of what is wrong with each faulty field; empty when all is well."""
    found = {name: _fault(field, values.get(name, "")) for name, field in form.fields.items()}
    return {name: code for name, code in found.items() if code}


def file_fault(sizes_bytes: Sequence[int]) -> str:
    """Return the code of what is wrong with the files of a form, empty when all is well."""
    if len(sizes_bytes) > FILES_MAX:
        return "files_many"
    return "files_large" if sum(sizes_bytes) > FILES_BYTES_MAX else ""


def _fault(field: Field, value: str) -> str:
    if not value:
        return "required" if field.required else ""
    if len(value) > FIELD_CHARS_MAX[field.type]:
        return "too_long"
    if field.type == "email" and not _EMAIL.fullmatch(value):
        return "email"
    if field.type == "phone" and not _PHONE.fullmatch(value):
        return "phone"
    if field.type == "select" and value not in field.options:
        return "select"
    if field.type == "textarea" and len(re.findall(r"https?://", value)) > LINKS_MAX:
        return "links"
    return ""


CONTACT = Form(
    title={"en": "Contact us", "zh": "联系我们", "th": "ติดต่อเรา"},
    fields={
        "name": Field(label={"en": "Your name", "zh": "您的姓名", "th": "ชื่อของคุณ"}),
        "email": Field(
            type="email",
            required=True,
            label={"en": "E-mail address", "zh": "电子邮箱", "th": "อีเมล"},
            help={
                "en": "We answer to this address.",
                "zh": "我们会回复到这个邮箱。",
                "th": "เราจะตอบกลับทางอีเมลนี้",
            },
        ),
        "about": Field(
            type="select",
            fact=True,
            label={"en": "What is it about?", "zh": "咨询类型", "th": "เรื่องที่ต้องการติดต่อ"},
            options={
                "order": {"en": "An order", "zh": "订单", "th": "คำสั่งซื้อ"},
                "invoice": {"en": "An invoice", "zh": "账单", "th": "ใบแจ้งหนี้"},
                "other": {"en": "Something else", "zh": "其他", "th": "เรื่องอื่น"},
            },
        ),
        "message": Field(
            type="textarea", required=True, label={"en": "Your message", "zh": "您的留言", "th": "ข้อความของคุณ"}
        ),
    },
)
