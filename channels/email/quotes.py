"""New text against quoted text, in the languages people write. The full text is always kept elsewhere."""

from __future__ import annotations

import re

# A line that begins the quoted mail, alone on its line. Each is what a widespread program writes.
_BEGINS = re.compile(
    r"""^\s*(?:
      -{2,}\s*(?:original\ message|original-nachricht|ursprüngliche\ nachricht|message\ d'origine|mensaje\ original
                |messaggio\ originale|původní\ zpráva|原始邮件|原始郵件|元のメッセージ|ข้อความต้นฉบับ
                |forwarded\ message)\s*-{2,}
    | _{20,}
    | begin\ forwarded\ message:
    )\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
# "On …, X wrote:" and its sisters; it may be folded over two or three lines.
_WROTE = re.compile(
    r"""^\s*>?\s*(?:
      on\s.{4,300}?\swrote:
    | am\s.{4,300}?\sschrieb\s?.{0,120}:
    | le\s.{4,300}?\sa\sécrit\s?:
    | el\s.{4,300}?\sescribió:
    | il\s.{4,300}?\sha\sscritto:
    | dne\s.{4,300}?\s(?:napsal|odesílatel).{0,160}:
    | \d{4}[-./年].{4,200}?(?:写道|寫道)[::]
    | 在\s?\d{4}.{4,200}?(?:写道|寫道)[::]
    | เมื่อ\s?.{4,300}?เขียน(?:ว่า)?\s?:
    | \d{4}[年/].{4,200}?(?:のメール|wrote|さんは).{0,40}[::]
    | .{4,200}?\sпиш(?:ет|е)т?:
    | \d{1,2}\s\S{3,12}\s\d{4}.{4,200}?(?:написал|пишет)\S{0,3}:
    )\s*$""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
# A block of two or more of these in successive lines is a copied header.
_FIELD = re.compile(
    r"^\s*>?\s*\*?(from|sent|to|cc|subject|date|reply-to|von|gesendet|an|betreff|de|envoyé|à|objet|od|odesláno|komu"
    r"|předmět|发件人|发送时间|收件人|主题|抄送|寄件者|收件者|主旨|差出人|送信日時|宛先|件名|จาก|ส่งเมื่อ|ถึง|เรื่อง)\*?\s*[::]",
    re.IGNORECASE,
)
_SIGNATURES = re.compile(
    r"^\s*(?:sent from my \S.{0,40}|get outlook for \S+.{0,80}|von meinem \S+ gesendet|envoyé de mon \S+"
    r"|enviado desde mi \S+|odesláno z \S.{0,40}|发自我的\S.{0,20}|從我的\s?\S.{0,20}|ส่งจาก\s?\S.{0,30})\s*$",
    re.IGNORECASE,
)
_FOLD_LINES_MAX = 4
_HEADER_FIELDS_MIN = 2


def new_text(text: str) -> str:
    """Return what the writer has added. If nothing would be left, everything is shown."""
    lines = text.replace("\r\n", "\n").split("\n")
    kept = _without_quoted(lines[: _cut(lines)])
    answer = "\n".join(_without_signature(kept)).strip()
    return answer or text.strip()


def _cut(lines: list[str]) -> int:
    """Return the line at which a quoted mail begins and nothing new follows; the number of lines for none."""
    for index, line in enumerate(lines):
        if _BEGINS.match(line) or _is_copied_header(lines, index):
            return index
        length = _attribution(lines, index)
        if length and not _answers_below(lines, index + length):
            return index
    return len(lines)


def _is_copied_header(lines: list[str], index: int) -> bool:
    if not _FIELD.match(lines[index]):
        return False
    block = [line for line in lines[index : index + 6] if line.strip()][:4]
    return sum(1 for line in block if _FIELD.match(line)) >= _HEADER_FIELDS_MIN and index >= 0 and len(block) > 1


def _attribution(lines: list[str], index: int) -> int:
    """Return over how many lines an attribution stretches, 0 for none."""
    if not lines[index].strip():
        return 0
    for length in range(1, _FOLD_LINES_MAX + 1):
        folded = " ".join(line.strip().lstrip("> ") for line in lines[index : index + length])
        if _WROTE.match(folded):
            return length
    return 0


def _answers_below(lines: list[str], start: int) -> bool:
    """Return whether a marked quote follows and somebody has written below it (bottom posting)."""
    rest = [line for line in lines[start:] if line.strip()]
    quoted = [line.startswith(">") for line in rest]
    return bool(rest) and quoted[0] and not all(quoted)


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
