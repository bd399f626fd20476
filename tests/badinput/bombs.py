"""Inputs that were found, or are known, to cost too much: written as a formula, because they are long. One a line."""

from __future__ import annotations

# Long enough that a cost growing with the square shows, and no longer than one line of our SMTP listener.
LONG = 200_000
HEAD = b"From: a@example.org\r\nTo: support@example.com\r\nSubject: s\r\nMessage-ID: <m@example.org>\r\n"
PLAIN = HEAD + b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
HTML = HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n"
MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"


def _times(piece: bytes, length: int = LONG) -> bytes:
    return piece * (length // len(piece))


MAIL_BOMBS: dict[str, bytes] = {
    "an attribution whose address never ends": PLAIN + b"At noon 12:00 <" + _times(b"a@"),
    "a wrote line with many times": PLAIN + _times(b"12:00 ", 900) + b"<" + _times(b"a@"),
    "blanks of another kind": PLAIN + _times("\xa0".encode()) + b"x",
    "lines of blanks of another kind": PLAIN + _times("\xa0".encode() * 450 + b"x\n"),
    "lines of many addresses": PLAIN + _times(b"noon 12:00 <" + b"a@" * 200 + b"\n"),
    "many short lines that begin like an attribution": PLAIN + _times(b"On 1 wrote\n"),
    "attributions of three scripts": PLAIN + _times("在2026 เมื่อ 2026年 \n".encode()),
    "one line of blanks": PLAIN + _times(b" ") + b"x",
    "many empty lines": PLAIN + _times(b"\n") + b"x",
    "lines of blanks": PLAIN + _times(b" \n") + b"x",
    "quote marks": PLAIN + _times(b">\n"),
    "signatures": PLAIN + b"x\n" + _times(b"Sent from my a\n"),
    "underlines": PLAIN + _times(b"_") + b"x",
    "dashes": PLAIN + _times(b"- ") + b"x",
    "copied headers": PLAIN + _times(b"From: a\n"),
    "a failed recipient without an end": HEAD + b"X-Failed-Recipients: " + _times(b"a") + b"\r\n\r\nx",
    "an encoded word that never ends": HEAD + b"X-A: " + _times(b"=?a?q?") + b"\r\n\r\nx",
    "a subject of half words": HEAD + b"Subject: " + _times(b"=?utf-8?q?a") + b"\r\n\r\nx",
    "a subject of whole words": HEAD + b"Subject: " + _times(b"=?utf-8?q?a?= ") + b"\r\n\r\nx",
    "a header of blanks": HEAD + b"X-A: =?" + _times(b" ") + b"\r\n\r\nx",
    "a folded header of empty lines": HEAD + b"X-A: =?" + _times(b"\r\n ") + b"x\r\n\r\nx",
    "a sender of brackets": HEAD + b"Reply-To: " + _times(b"(") + b"\r\n\r\nx",
    "a sender of angles": HEAD + b"Reply-To: " + _times(b"<a@") + b"\r\n\r\nx",
    "a sender of commas": HEAD + b"To: " + _times(b"a@b,") + b"\r\n\r\nx",
    "a sender of quotes": HEAD + b"To: " + _times(b'"\\') + b"\r\n\r\nx",
    "a group without an end": HEAD + b"Cc: " + _times(b"a:") + b"\r\n\r\nx",
    "a type of parameters": HEAD + b"Content-Type: text/plain; " + _times(b"a=b; ") + b"\r\n\r\nx",
    "a type of continued parameters": HEAD
    + b"Content-Type: text/plain; "
    + b" ".join(b"a*%d*=x;" % number for number in range(15_000))
    + b"\r\n\r\nx",
    "a type of blanks": HEAD + b"Content-Type: text/plain;" + _times(b" ") + b"=x\r\n\r\nx",
    "a type of quotes": HEAD + b"Content-Type: text/plain; a=" + _times(b'"\\"') + b"\r\n\r\nx",
    "a disposition of brackets": HEAD + b"Content-Disposition: attachment; filename=" + _times(b"(") + b"\r\n\r\nx",
    "a date of brackets": HEAD + b"Date: " + _times(b"(") + b"\r\n\r\nx",
    "a date of digits": HEAD + b"Date: " + _times(b"1") + b"\r\n\r\nx",
    "a transfer encoding of blanks": HEAD + b"Content-Transfer-Encoding: " + _times(b" (") + b"\r\n\r\nx",
    "an authentication result of brackets": HEAD + b"Authentication-Results: " + _times(b"(") + b"\r\n\r\nx",
    "an authentication result of quotes": HEAD + b"Authentication-Results: " + _times(b'"') + b"\r\n\r\nx",
    "a proof of letters": HEAD + b"Authentication-Results: mx.example.com; dmarc=pass " + _times(b"a") + b"\r\n\r\nx",
    "references of halves": HEAD + b"References: " + _times(b"<a") + b"\r\n\r\nx",
    "references by the thousand": HEAD + b"References: " + _times(b"<a@b> ") + b"\r\n\r\nx",
    "headers by the thousand": HEAD + _times(b"X-A: b\r\n") + b"\r\nx",
    "different headers by the thousand": HEAD + b"".join(b"X-%d: b\r\n" % at for at in range(15_000)) + b"\r\nx",
    "senders by the thousand": HEAD + _times(b"From: a@b\r\n") + b"\r\nx",
    "parts by the thousand": MIXED + _times(b"--b\r\n\r\n\r\n") + b"--b--",
    "parts within parts": HEAD
    + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (at, at) for at in range(3_000)),
    "mails within mails": HEAD + _times(b"Content-Type: message/rfc822\r\n\r\n"),
    "a status report of blocks": HEAD + b"Content-Type: message/delivery-status\r\n\r\n" + _times(b"Action: a\r\n\r\n"),
    "a status report without an end": HEAD
    + b"Content-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822;"
    + _times(b"a")
    + b"\r\n\r\n",
    "a returned mail of empty lines": HEAD.replace(b"a@", b"mailer-daemon@") + b"\r\n" + _times(b"\n") + b"x",
    "a returned mail of one word": HEAD.replace(b"a@", b"mailer-daemon@") + b"\r\n" + _times(b"a"),
    "elements within elements": HTML + _times(b"<div>"),
    "elements that never begin": HTML + _times(b"<"),
    "ends without a beginning": HTML + _times(b"</"),
    "comments without an end": HTML + _times(b"<!--"),
    "declarations without an end": HTML + _times(b"<!["),
    "an element of attributes": HTML + b"<a " + _times(b"a=b "),
    "an element of quotes": HTML + b"<a " + _times(b"'\""),
    "links within links": HTML + _times(b"<a href='http://a'>x"),
    "closed links": HTML + _times(b"<a href='http://a'>") + _times(b"</a>"),
    "signs without an end": HTML + _times(b"&#"),
    "signs of many letters": HTML + b"&" + _times(b"a"),
    "scripts without an end": HTML + _times(b"<script>"),
    "tables within tables": HTML + _times(b"<table><tr><td>"),
    "formatting within formatting": HTML + _times(b"<b><p>"),
    "a punycode label": HEAD + b"Content-Type: text/plain; charset=punycode\r\n\r\n" + _times(b"a-"),
    "a seven-bit charset": HEAD + b"Content-Type: text/plain; charset=utf-7\r\n\r\n" + _times(b"+AGE"),
    "an escape charset": HEAD + b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n" + _times(b"\x1b$B!!\x1b(B"),
    "bytes of no charset": HEAD + b"\r\n" + _times(bytes(range(128, 256))),
    "flowed lines": HEAD + b"Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\n" + _times(b"a \n"),
    "uuencoded lines": HEAD + b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a\n" + _times(b"M\n"),
    "base64 of anything": HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + _times(b"=A"),
    "a file name of encoded words": HEAD
    + b'Content-Disposition: attachment; filename="'
    + _times(b"=?utf-8?q?a?= ")
    + b'"\r\n\r\nx',
}
