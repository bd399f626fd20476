"""What the page says at which a customer rates a conversation, by language. Words only."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "How were you served?",
        "1": "very badly",
        "2": "badly",
        "3": "neither well nor badly",
        "4": "well",
        "5": "very well",
        "better": "What could we do better?",
        "optional": "optional",
        "send": "Send",
        "thanks": "Thank you for telling us.",
        "again": "You may change it with the same link.",
        "choose": "Please choose a number from 1 to 5.",
        "over": "This link does not count any more.",
        "later": "This could not be kept now. Please try again in a minute.",
    },
    "zh": {
        "title": "您对本次服务满意吗？",
        "1": "非常不满意",
        "2": "不满意",
        "3": "一般",
        "4": "满意",
        "5": "非常满意",
        "better": "我们还可以改进什么？",
        "optional": "选填",
        "send": "提交",
        "thanks": "感谢您的评价。",
        "again": "您可以用同一链接修改评价。",
        "choose": "请选择 1 到 5 之间的分数。",
        "over": "此链接已失效。",
        "later": "暂时无法保存，请稍后再试。",
    },
    "th": {
        "title": "บริการครั้งนี้เป็นอย่างไร",
        "1": "แย่มาก",
        "2": "แย่",
        "3": "ปานกลาง",
        "4": "ดี",
        "5": "ดีมาก",
        "better": "เราควรปรับปรุงเรื่องใด",
        "optional": "ไม่บังคับ",
        "send": "ส่ง",
        "thanks": "ขอบคุณสำหรับความคิดเห็น",
        "again": "คุณแก้ไขได้ด้วยลิงก์เดิม",
        "choose": "โปรดเลือกคะแนน 1 ถึง 5",
        "over": "ลิงก์นี้ใช้ไม่ได้แล้ว",
        "later": "ยังบันทึกไม่ได้ในขณะนี้ โปรดลองอีกครั้งในอีกสักครู่",
    },
}


def language_of(accepted: str) -> str:
    """Return the first language of a browser that the page speaks, else English."""
    wanted = (each.partition(";")[0].strip().lower()[:2] for each in accepted[:200].split(","))
    return next((each for each in wanted if each in WORDS), "en")
