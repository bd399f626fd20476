"""The help page's own words, in every language there is. A key that one of them lacks fails a test."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from router.core.bundle import Bundle
from router.outbox.wording import EN_MONTHS, TH_MONTHS

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "search": "Search",
        "what": "What can we help you with?",
        "results": "What we found for “{query}”",
        "nothing": "We found nothing for “{query}”. Try other words, or write to us.",
        "empty": "There is nothing here yet.",
        "all": "All topics",
        "related": "More on this",
        "changed": "Last changed {date}",
        "other_language": "This page is not there in your language yet.",
        "helped": "Did this help?",
        "yes": "Yes",
        "no": "No",
        "thanks": "Thank you. We read every answer.",
        "still": "Still need us?",
        "write": "Write to us",
        "open": "We are here now.",
        "opens": "We are here again {opens} ({zone}).",
        "closed": "Nobody is here now.",
        "wait_one": "The wait is about one minute or less.",
        "wait_about": "The wait is about {high} minutes.",
        "wait_range": "The wait is about {low} to {high} minutes.",
        "chat": "Chat",
        "phone": "Call us",
        "email": "E-mail",
        "sms": "Text message",
        "gone": "This page is not there, or not any more.",
        "many": "That was a lot at once. Please wait a minute.",
        "languages": "Language",
    },
    "zh": {
        "search": "搜索",
        "what": "有什么可以帮您？",
        "results": "“{query}”的搜索结果",
        "nothing": "没有找到与“{query}”相关的内容。请换个说法，或直接联系我们。",
        "empty": "这里还没有内容。",
        "all": "全部主题",
        "related": "相关内容",
        "changed": "最近更新：{date}",
        "other_language": "本页暂无您所选语言的版本。",
        "helped": "这篇内容有帮助吗？",
        "yes": "有",
        "no": "没有",
        "thanks": "谢谢，每一条反馈我们都会看。",
        "still": "仍需帮助？",
        "write": "给我们留言",
        "open": "我们现在在线。",
        "opens": "我们将于{opens}（{zone}）恢复服务。",
        "closed": "当前无人值守。",
        "wait_one": "预计等候约一分钟或更短。",
        "wait_about": "预计等候约 {high} 分钟。",
        "wait_range": "预计等候约 {low} 至 {high} 分钟。",
        "chat": "在线聊天",
        "phone": "拨打电话",
        "email": "电子邮件",
        "sms": "短信",
        "gone": "该页面不存在或已下线。",
        "many": "请求过于频繁，请稍候一分钟。",
        "languages": "语言",
    },
    "th": {
        "search": "ค้นหา",
        "what": "ให้เราช่วยเรื่องอะไรดี",
        "results": "ผลการค้นหา “{query}”",
        "nothing": "ไม่พบเนื้อหาเกี่ยวกับ “{query}” ลองใช้คำอื่น หรือเขียนถึงเรา",
        "empty": "ยังไม่มีเนื้อหา",
        "all": "หัวข้อทั้งหมด",
        "related": "เรื่องที่เกี่ยวข้อง",
        "changed": "แก้ไขล่าสุด {date}",
        "other_language": "หน้านี้ยังไม่มีในภาษาของคุณ",
        "helped": "เนื้อหานี้ช่วยคุณได้ไหม",
        "yes": "ได้",
        "no": "ไม่ได้",
        "thanks": "ขอบคุณ เราอ่านทุกคำตอบ",
        "still": "ยังต้องการความช่วยเหลือใช่ไหม",
        "write": "เขียนถึงเรา",
        "open": "ตอนนี้เราเปิดให้บริการ",
        "opens": "เราจะเปิดอีกครั้ง {opens} ({zone})",
        "closed": "ขณะนี้ไม่มีเจ้าหน้าที่",
        "wait_one": "เวลารอประมาณหนึ่งนาทีหรือน้อยกว่า",
        "wait_about": "เวลารอประมาณ {high} นาที",
        "wait_range": "เวลารอประมาณ {low} ถึง {high} นาที",
        "chat": "แชต",
        "phone": "โทรหาเรา",
        "email": "อีเมล",
        "sms": "ข้อความสั้น (SMS)",
        "gone": "ไม่มีหน้านี้ หรือถูกนำออกไปแล้ว",
        "many": "คำขอมากเกินไป กรุณารอสักครู่",
        "languages": "ภาษา",
    },
}
# The Buddhist era is so many years ahead.
BUDDHIST_YEARS = 543
OWN_NAMES = {"en": "English", "zh": "中文", "th": "ไทย"}


def word(key: str, language: str, **values: str) -> str:
    """Return a word in a language, else in English, filled in."""
    text = WORDS.get(language, WORDS["en"])[key]
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text


def day_of(at_ms: int, bundle: Bundle | None, language: str) -> str:
    """Return a day with its year, counted as the site says; else in Thai by Buddhist years, as browsers do."""
    at = datetime.fromtimestamp(at_ms / 1_000, UTC).astimezone(ZoneInfo(bundle.zone if bundle else "UTC"))
    calendar = (bundle.calendar if bundle else "") or ("buddhist" if language == "th" else "gregory")
    buddhist = calendar == "buddhist"
    year = at.year + BUDDHIST_YEARS * buddhist
    if language == "zh":
        return f"{'佛历' * buddhist}{year}年{at.month}月{at.day}日"
    if language == "th":
        return f"{at.day} {TH_MONTHS[at.month - 1]} {year}"
    return f"{at.day} {EN_MONTHS[at.month - 1]} {year}{' BE' * buddhist}" if language == "en" else f"{at:%Y-%m-%d}"
