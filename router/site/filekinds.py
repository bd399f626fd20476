"""What a file is, by its content, and how it may be called. Tables and pure functions; nothing is read or kept here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

UNKNOWN = "application/octet-stream"
PLAIN = "text/plain"
# What a type's text says is looked for in so many bytes; whoever hides a page behind them gets it as plain text.
LOOKED_AT_BYTES = 4_096
NAME_CHARS_MAX = 120
NO_NAME = "file"

# (offset, magic bytes, type), the first that fits counts. RIFF and ISO media are told apart below.
MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBPVP8", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (8, b"AVI ", "video/x-msvideo"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf2", "audio/mpeg"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"\xff\xf9", "audio/aac"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"fLaC", "audio/flac"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"MZ", "application/vnd.microsoft.portable-executable"),
    (0, b"\x7fELF", "application/x-elf"),
)
# Containers that hold several kinds: what was declared counts where it is one of them, else the first.
CONTAINERS: tuple[tuple[bytes, tuple[str, ...]], ...] = (
    (b"OggS", ("audio/ogg", "video/ogg")),
    (b"\x1a\x45\xdf\xa3", ("video/webm", "audio/webm", "video/x-matroska")),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        (
            "application/x-ole-storage",
            "application/msword",
            "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint",
            "application/vnd.ms-outlook",
        ),
    ),
)
_OFFICE = "application/vnd.openxmlformats-officedocument."
# What the first entries of a ZIP file are called, in the formats that are ZIP files.
ZIPPED: tuple[tuple[bytes, str], ...] = (
    (b"word/", f"{_OFFICE}wordprocessingml.document"),
    (b"xl/", f"{_OFFICE}spreadsheetml.sheet"),
    (b"ppt/", f"{_OFFICE}presentationml.presentation"),
    (b"mimetypeapplication/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text"),
    (b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "application/vnd.oasis.opendocument.spreadsheet"),
    (b"mimetypeapplication/epub+zip", "application/epub+zip"),
)
# The brand in an ISO media file's first box.
BRANDS: Mapping[bytes, str] = {
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"avif": "image/avif",
    b"3gp4": "video/3gpp",
    b"3gp5": "video/3gpp",
    b"3gp6": "video/3gpp",
}
# Text says no more of itself than that it is text: one of these may be believed, and none of them is a page.
TEXTS = frozenset({PLAIN, "text/csv", "text/calendar", "text/vcard", "text/markdown", "message/rfc822"})
# What a browser may show without a download, in a sandbox: none of these can hold a script that runs there.
SHOWN = frozenset(
    {
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "audio/mpeg",
        "audio/ogg",
        "audio/wav",
        "audio/mp4",
        "audio/aac",
        "audio/flac",
        "application/pdf",
    }
)
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})

_MARKUP = re.compile(rb"<\s*(svg|html|head|body|script|!doctype|iframe|math|\?xml)", re.IGNORECASE)
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_SEPARATORS = re.compile(r"[\\/:*?\"<>|]+")


def kind_of(content: bytes, declared: str = "") -> str:
    """Return a file's media type by its content. What was declared only chooses among what the content may be."""
    said = declared.partition(";")[0].strip().lower()
    for offset, magic, kind in MAGIC:
        if content.startswith(magic, offset):
            return kind
    for magic, kinds in CONTAINERS:
        if content.startswith(magic):
            return said if said in kinds else kinds[0]
    if content.startswith(b"PK\x03\x04"):
        head = content[:LOOKED_AT_BYTES]
        return next((kind for mark, kind in ZIPPED if mark in head), "application/zip")
    if content[4:8] == b"ftyp":
        return BRANDS.get(content[8:12], "video/mp4")
    return _text_kind(content, said)


def _text_kind(content: bytes, said: str) -> str:
    head = content[:LOOKED_AT_BYTES]
    if not head or _CONTROL.search(head):
        return UNKNOWN
    if said in TEXTS and said != PLAIN and not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return said
    found = _MARKUP.search(head)
    if found:
        return "image/svg+xml" if b"<svg" in head.lower() else "text/html"
    return PLAIN


def safe_name(name: str) -> str:
    """Return a name without folders, controls and signs that turn the reading direction; never empty, never long."""
    last = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C")
    plain = " ".join(_SEPARATORS.sub("_", plain).split()).strip(". ")
    if len(plain) <= NAME_CHARS_MAX:
        return plain or NO_NAME
    stem, dot, ending = plain.rpartition(".")
    if not dot or len(ending) > 10:
        return plain[:NAME_CHARS_MAX]
    return f"{stem[: NAME_CHARS_MAX - len(ending) - 1]}.{ending}"
