"""New text against quoted text, in the languages people write. The full text is always kept elsewhere."""

from __future__ import annotations

import re

# A line that begins the quoted mail, alone on its line. Each is what a widespread program writes.
_BEGINS = re.compile(
    r"""^\s*(?:
      -{2,}(?:\s|&nbsp;)*(?:original\ message|original-nachricht|ursprüngliche\ nachricht|message\ d'origine
                |mensaje\ original
                |messaggio\ originale|původní\ zpráva|原始邮件|原始郵件|元のメッセージ|ข้อความต้นฉบับ
                |forwarded\ message)(?:\s|&nbsp;)*-{2,}
    | _{20,}
    | begin\ forwarded\ message:
    )\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
# "On …, X wrote:" and its sisters; it may be folded over two or three lines.
_WROTE = re.compile(
    r"""^(?:
      on\s.{4,300}?\swrote:
    | am\s.{4,300}?\sschrieb\s?.{0,120}:
    | le\s.{4,300}?\sa\sécrit\s?:
    | el\s.{4,300}?\sescribió:
    | em\s.{4,300}?\sescreveu:
    | \d{4}년.{4,200}?(?:작성|님이\s씀)[:\uff1a]
    | il\s.{4,300}?\sha\sscritto:
    | dne\s.{4,300}?\s(?:napsal|odesílatel).{0,160}:
    | \d{4}[-./年].{4,200}?(?:写道|寫道)[:\uff1a]
    | 在\s?\d{4}.{4,200}?(?:写道|寫道)[:\uff1a]
    | เมื่อ\s?.{4,300}?เขียน(?:ว่า)?\s?:
    | \d{4}[年/].{4,200}?(?:のメール|wrote|さんは).{0,40}[:\uff1a]
    | .{0,200}?[于於]\s?\d{4}.{4,60}?(?:写道|寫道)[:\uff1a]
    | .{4,200}?\d{1,2}:\d{2}.{0,200}<[^<>\s@]+@[^<>\s@]+>\s*[:\uff1a]
    | .{4,200}?\sпиш(?:ет|е)т?:
    | \d{1,2}\s\S{3,12}\s\d{4}.{4,200}?(?:написал|пишет)\S{0,3}:
    )\s*$""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
# A copied header begins with who wrote, and names the subject and one thing more: "From: Prague, To: Vienna" is a text.
_FROM = re.compile(r"\*?(from|von|de|da|od|发件人|寄件者|寄件者|差出人|จาก)\*?\s*[:\uff1a]", re.IGNORECASE)
_SUBJECT = re.compile(
    r"\*?(subject|betreff|objet|asunto|oggetto|předmět|主题|主旨|主題|件名|เรื่อง|หัวเรื่อง)\*?\s*[:\uff1a]", re.IGNORECASE
)
_FIELD = re.compile(
    r"\*?(from|sent|to|cc|subject|date|reply-to|von|gesendet|datum|an|betreff|de|envoyé|date|à|objet|enviado|fecha|para"
    r"|asunto|da|inviato|data|a|oggetto|od|odesláno|datum|komu|kopie|předmět|发件人|发送时间|日期|收件人|主题|抄送"
    r"|寄件者|傳送時間|收件者|副本|主旨|主題|差出人|送信日時|日時|宛先|件名|จาก|ส่งเมื่อ|วันที่|ส่ง|ถึง|เรื่อง|หัวเรื่อง)\*?\s*[:\uff1a]",
    re.IGNORECASE,
)
_SIGNATURES = re.compile(
    r"^\s*(?:sent from my \S.{0,40}|get outlook for \S+.{0,80}|von meinem \S+ gesendet|envoyé de mon \S+"
    r"|enviado desde mi \S+|odesláno z \S.{0,40}|发自我的\S.{0,20}|從我的\s?\S.{0,20}|ส่งจาก\s?\S.{0,30})\s*$",
    re.IGNORECASE,
)
_FOLD_LINES_MAX = 4
# Names, address and date, in any language; a longer line is a text.
_ATTRIBUTION_CHARS_MAX = 1_000
# A day's writing; what is longer was pasted, and is shown whole.
_LINES_MAX = 5_000
_LEFT = re.compile(r"[\s>]+")
_HEADER_LINES, _HEADER_FIELDS_MIN = 10, 3
# Every program writes a date or an address into its attribution; "On Monday your colleague wrote:" is a sentence.
_DATED = re.compile(r"[\d@]")


def new_text(text: str) -> str:
    """Return what the writer has added. If nothing would be left, everything is shown."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    if len(lines) > _LINES_MAX:
        return text.strip()
    kept = _without_quoted(lines[: _cut(lines)])
    answer = "\n".join(_without_signature(kept)).strip()
    return answer or text.strip()


def _cut(lines: list[str]) -> int:
    """Return the line at which a quoted mail begins and nothing new follows; the number of lines for none."""
    last_own = max((at for at, line in enumerate(lines) if line and not line.startswith(">")), default=-1)
    for index, line in enumerate(lines):
        if _BEGINS.match(line) or _is_copied_header(lines, index):
            return index
        length = _attribution(lines, index)
        if length and not _answers_below(lines, index + length, last_own):
            return index
    return len(lines)


def _is_copied_header(lines: list[str], index: int) -> bool:
    if not _FROM.match(_bare(lines[index])):
        return False
    block = [_bare(line) for line in lines[index : index + _HEADER_LINES]]
    fields = [line for line in block if _FIELD.match(line)]
    return len(fields) >= _HEADER_FIELDS_MIN and any(_SUBJECT.match(line) for line in fields)


def _bare(line: str) -> str:
    """Return a line without the marks of quoting before it."""
    left = _LEFT.match(line)
    return line[left.end() :] if left else line


def _attribution(lines: list[str], index: int) -> int:
    """Return over how many lines an attribution that begins here stretches, 0 for none."""
    for length in range(1, _FOLD_LINES_MAX + 1):
        if not all(lines[index : index + length]):
            return 0
        if _says_who_wrote(lines[index : index + length]):
            later = range(1, length)
            return 0 if any(_says_who_wrote(lines[index + skipped : index + length]) for skipped in later) else length
    return 0


def _says_who_wrote(lines: list[str]) -> bool:
    if sum(map(len, lines)) > _ATTRIBUTION_CHARS_MAX:
        return False
    folded = " ".join(_bare(line) for line in lines)
    return bool(_WROTE.match(folded) and _DATED.search(folded))


def _answers_below(lines: list[str], start: int, last_own: int) -> bool:
    """Return whether a marked quote follows and somebody has written below it (bottom posting)."""
    first = next((line for line in lines[start:] if line), "")
    return first.startswith(">") and last_own >= start


def _without_quoted(lines: list[str]) -> list[str]:
    kept: list[str] = []
    index = 0
    while index < len(lines):
        length = _attribution(lines, index)
        if length:
            index += length
            continue
        if not lines[index].startswith(">"):
            kept.append(lines[index])
        index += 1
    return kept


def _without_signature(lines: list[str]) -> list[str]:
    for index, line in enumerate(lines):
        if line.rstrip() == "--" and index:
            return lines[:index]
    while lines and (not lines[-1].strip() or _SIGNATURES.match(lines[-1])):
        lines = lines[:-1]
    return lines
