"""Bytes of a mail to text, whatever their label says. Never raises; no headers, no structure."""

from __future__ import annotations

import re

from charset_normalizer import from_bytes

# Labels that Python does not know, or knows as a subset of what senders mean by them (CHANNELS.md 8.2).
ALIASES = {
    "windows-874": "cp874",
    "x-windows-874": "cp874",
    "tis-620": "cp874",
    "iso-8859-11": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "cn-gb": "gb18030",
    "euc-cn": "gb18030",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "big5": "big5hkscs",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "x-mac-roman": "mac-roman",
    "iso-8859-8-i": "iso-8859-8",
    "cp-850": "cp850",
}
# Seven-bit encodings look like ASCII, so their bytes say nothing about UTF-8.
_SEVEN_BIT = ("iso-2022", "hz", "utf-7")
# Codecs that are no charset of any mail: their input is a programmer's, and some take quadratic time.
_NO_CHARSETS = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"})
# Halves of characters, which no store or screen takes, and the null character.
_UNUSABLE = re.compile("[\x00\ud800-\udfff]")
# Detection reads this much: more does not make it surer, and it is slow.
_DETECT_BYTES_MAX = 20_000


def decode(data: bytes, label: str = "") -> str:
    """Decode by what the bytes prove, then by the label, then by detection, then with replacement."""
    name = label.strip().strip("\"'").lower()
    if not name.startswith(_SEVEN_BIT):
        proven = _utf8(data)
        if proven is not None:
            return proven
    for codec in (ALIASES.get(name, name), "cp950" if name == "big5" else ""):
        text = _strictly(data, codec)
        if text is not None:
            return text
    best = from_bytes(data[:_DETECT_BYTES_MAX]).best()
    return _UNUSABLE.sub("", data.decode(best.encoding if best else "cp1252", errors="replace"))


def _utf8(data: bytes) -> str | None:
    """Return the text when the bytes are not plain ASCII and decode strictly as UTF-8: labels lie, bytes do not."""
    return None if data.isascii() else _strictly(data, "utf-8")


def _strictly(data: bytes, codec: str) -> str | None:
    if not codec or codec.replace("-", "_") in _NO_CHARSETS:
        return None
    try:
        return _UNUSABLE.sub("", data.decode(codec)).removeprefix("\ufeff")
    except (LookupError, ValueError):
        return None
