"""Files in a mail of ours: parts that an independent reader gets back whole, with their names."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.contract import Attachment, LineRef, Send
from channels.email.compose import compose
from channels.email.threads import Threads
from router.site.filekinds import safe_name

THREADS = Threads(b"k" * 32, "support@example.com", "example.com")
LINE_BYTES_MAX = 998


def mail(*files: Attachment) -> bytes:
    line = LineRef(channel="email", key="k1", peer="ann@example.org")
    send = Send(key="e1", line=line, text="Here it is", language="en", files=files)
    return compose(send, THREADS, sender="support@example.com", sender_name="Support", plus=False, at=1).data


def file(name: str, content: bytes, media_type: str = "application/pdf") -> Attachment:
    return Attachment(name=name, media_type=media_type, size_bytes=len(content), content=content)


NAMES = ["bill.pdf", "账单 2026.pdf", "ใบแจ้งหนี้ประจำเดือนพฤศจิกายน.pdf", "a" * 110 + ".pdf", 'q"uo;te.pdf', "%41.pdf"]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_arrives_whole_under_its_name(name: str) -> None:
    read = message_from_bytes(mail(file(name, b"%PDF-1.7\r\n\0binary" * 50)), policy=default)
    (part,) = read.iter_attachments()
    assert part.get_filename() == name
    assert part.get_content_type() == "application/pdf"
    assert part.get_content() == b"%PDF-1.7\r\n\0binary" * 50
    body = read.get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == "Here it is"


def test_several_files_keep_their_order() -> None:
    sent = [file("1.png", b"\x89PNG", "image/png"), file("2.txt", b"two", "text/plain"), file("3", b"3", "")]
    read = message_from_bytes(mail(*sent), policy=default)
    kinds = [(part.get_filename(), part.get_content_type()) for part in read.iter_attachments()]
    assert kinds == [("1.png", "image/png"), ("2.txt", "text/plain"), ("3", "application/octet-stream")]


def test_a_mail_within_a_mail_goes_as_a_file() -> None:
    read = message_from_bytes(mail(file("a.eml", b"Subject: x\r\n\r\ny", "message/rfc822")), policy=default)
    assert [part.get_content_type() for part in read.iter_attachments()] == ["application/octet-stream"]


@settings(max_examples=60)
@given(st.text(min_size=1, max_size=140), st.binary(max_size=400), st.text(max_size=40))
def test_any_name_any_content_and_any_type_keep_the_mail_whole(name: str, content: bytes, kind: str) -> None:
    data = mail(file(safe_name(name), content, kind))
    read = message_from_bytes(data, policy=default)
    parts = list(read.iter_attachments())
    assert len(parts) == 1
    assert parts[0].get_payload(decode=True) == content
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= LINE_BYTES_MAX
    assert read.defects == []
