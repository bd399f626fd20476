"""What a file is, by its content alone, and how it may be called."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.site.filekinds import NAME_CHARS_MAX, SHOWN, kind_of, safe_name


def zipped(name: str) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, "x")
    return file.getvalue()


KINDS = [
    (b"\x89PNG\r\n\x1a\n....", "text/html", "image/png"),
    (b"\xff\xd8\xff\xe0\0\x10JFIF", "", "image/jpeg"),
    (b"GIF89a..", "", "image/gif"),
    (b"RIFF\0\0\0\0WEBPVP8 ", "", "image/webp"),
    (b"RIFF\0\0\0\0WAVEfmt ", "", "audio/wav"),
    (b"%PDF-1.7\n", "", "application/pdf"),
    (b"ID3\x04", "", "audio/mpeg"),
    (b"#!AMR\n", "", "audio/amr"),
    (b"OggS\0", "video/ogg", "video/ogg"),
    (b"OggS\0", "text/html", "audio/ogg"),
    (b"\0\0\0\x18ftypM4A ", "", "audio/mp4"),
    (b"\0\0\0\x18ftypisom", "", "video/mp4"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword", "application/msword"),
    (zipped("word/document.xml"), "", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (zipped("a.txt"), "image/png", "application/zip"),
    (b"MZ\x90", "image/png", "application/vnd.microsoft.portable-executable"),
    (b"hello", "image/png", "text/plain"),
    ("สวัสดี 你好".encode(), "", "text/plain"),
    (b"a,b\n1,2\n", "text/csv", "text/csv"),
    (b"<script>alert(1)</script>", "text/csv", "text/html"),
    (b"<script>alert(1)</script>", "text/plain", "text/html"),
    (b"GIF", "image/gif", "text/plain"),
    (b"\xef\xbb\xbf  <!DOCTYPE html>", "text/plain", "text/html"),
    (b"<?xml version='1.0'?><svg onload='x'/>", "image/png", "image/svg+xml"),
    (b"\0\x01\x02", "image/png", "application/octet-stream"),
    (b"", "image/png", "application/octet-stream"),
]


@pytest.mark.parametrize(("content", "declared", "kind"), KINDS)
def test_the_content_says_what_a_file_is(content: bytes, declared: str, kind: str) -> None:
    assert kind_of(content, declared) == kind


@given(st.binary(max_size=200), st.sampled_from([*sorted(SHOWN), "text/html", "image/svg+xml", ""]))
def test_what_is_shown_begins_with_the_bytes_of_its_kind_whatever_was_declared(content: bytes, declared: str) -> None:
    kind = kind_of(content, declared)
    if kind in SHOWN:
        assert kind == kind_of(content, "") or content.startswith(b"OggS")


@given(st.binary(max_size=100))
def test_markup_is_never_shown(rest: bytes) -> None:
    assert kind_of(b"<svg xmlns='http://www.w3.org/2000/svg'>" + rest, "image/png") not in SHOWN


NAMES = [
    ("bill.pdf", "bill.pdf"),
    ("../../etc/passwd", "passwd"),
    ("C:\\files\\photo.jpg", "photo.jpg"),
    ("cod\u202egnp.exe", "codgnp.exe"),
    ("a\r\nSet-Cookie: x.png", "aSet-Cookie_ x.png"),
    ("  ", "file"),
    ("...", "file"),
    ("账单.pdf", "账单.pdf"),
    ("ใบแจ้งหนี้.pdf", "ใบแจ้งหนี้.pdf"),
    ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
]


@pytest.mark.parametrize(("given_name", "safe"), NAMES)
def test_a_name_has_no_folder_no_controls_and_an_end(given_name: str, safe: str) -> None:
    assert safe_name(given_name) == safe


@given(st.text(max_size=400))
def test_every_name_becomes_one_that_can_be_written(name: str) -> None:
    safe = safe_name(name)
    assert 0 < len(safe) <= NAME_CHARS_MAX
    assert not set(safe) & set('/\\\r\n"<>:')
