"""What the form's pages say, in every language there is. Another language is one more column."""

from __future__ import annotations

WORDS: dict[str, dict[str, str]] = {
    "send": {"en": "Send", "zh": "发送", "th": "ส่ง"},
    "optional": {"en": "optional", "zh": "选填", "th": "ไม่บังคับ"},
    "choose": {"en": "Please choose", "zh": "请选择", "th": "โปรดเลือก"},
    "summary": {
        "en": "Please look at this once more:",
        "zh": "请再检查以下内容：",
        "th": "โปรดตรวจสอบอีกครั้ง:",
    },
    "required": {"en": "Please fill this in.", "zh": "请填写此项。", "th": "โปรดกรอกข้อมูลนี้"},
    "too_long": {"en": "This is too long.", "zh": "内容过长。", "th": "ข้อความยาวเกินไป"},
    "email": {
        "en": "This is not an e-mail address we can answer to. It looks like name@example.com.",
        "zh": "邮箱格式不正确，例如 name@example.com。",
        "th": "อีเมลไม่ถูกต้อง ตัวอย่าง name@example.com",
    },
    "phone": {
        "en": "Please use digits, for example +420 601 234 567.",
        "zh": "请输入数字，例如 +86 138 0000 0000。",
        "th": "โปรดใช้ตัวเลข เช่น +66 81 234 5678",
    },
    "select": {"en": "Please choose one of these.", "zh": "请选择一项。", "th": "โปรดเลือกหนึ่งรายการ"},
    "links": {
        "en": "There are too many links in this message.",
        "zh": "留言中的链接太多。",
        "th": "ข้อความนี้มีลิงก์มากเกินไป",
    },
    "files_limits": {
        "en": "At most {n} files, {size} MB together.",
        "zh": "最多 {n} 个文件，合计不超过 {size} MB。",
        "th": "ไม่เกิน {n} ไฟล์ รวมกันไม่เกิน {size} MB",
    },
    "files_again": {
        "en": "Please choose the files once more: at most {n}, {size} MB together.",
        "zh": "请重新选择文件：最多 {n} 个，合计不超过 {size} MB。",
        "th": "โปรดเลือกไฟล์อีกครั้ง ไม่เกิน {n} ไฟล์ รวมกันไม่เกิน {size} MB",
    },
    "files_many": {"en": "These are too many files.", "zh": "文件太多。", "th": "ไฟล์มากเกินไป"},
    "files_large": {"en": "These files are too large.", "zh": "文件太大。", "th": "ไฟล์ใหญ่เกินไป"},
    "again": {
        "en": "Nothing was sent yet. Please press Send once more.",
        "zh": "尚未发送，请再点一次“发送”。",
        "th": "ยังไม่ได้ส่งข้อความ โปรดกดส่งอีกครั้ง",
    },
    "slow_down": {
        "en": "That was a lot at once. Please try again in a few minutes; what you wrote is still here.",
        "zh": "提交过于频繁，请几分钟后再试。您填写的内容仍保留在此页。",
        "th": "ส่งบ่อยเกินไป โปรดลองอีกครั้งในอีกไม่กี่นาที ข้อความของคุณยังอยู่ที่นี่",
    },
    "closed": {
        "en": "We cannot take your message this minute. Please press Send again shortly; what you wrote is still here.",
        "zh": "暂时无法接收您的留言，请稍后再点“发送”。您填写的内容仍保留在此页。",
        "th": "ขณะนี้ไม่สามารถรับข้อความได้ โปรดกดส่งอีกครั้งในอีกสักครู่ ข้อความของคุณยังอยู่ที่นี่",
    },
    "sending": {"en": "Sending the files", "zh": "正在发送文件", "th": "กำลังส่งไฟล์"},
    "find": {"en": "Find an answer yourself", "zh": "自助查找答案", "th": "หาคำตอบด้วยตัวเอง"},
    "answers": {
        "en": "This may already be answered:",
        "zh": "以下内容也许能解答您的问题：",
        "th": "อาจมีคำตอบอยู่แล้ว:",
    },
    "new_tab": {"en": "opens in a new tab", "zh": "在新标签页中打开", "th": "เปิดในแท็บใหม่"},
    "chat_now": {"en": "Somebody is there: chat now", "zh": "客服在线：立即聊天", "th": "มีเจ้าหน้าที่อยู่: แชตตอนนี้"},
    "thanks": {"en": "Thank you", "zh": "谢谢", "th": "ขอบคุณ"},
    "kept": {
        "en": "Your message has arrived and will be answered by e-mail.",
        "zh": "我们已收到您的留言，将通过电子邮件回复您。",
        "th": "เราได้รับข้อความของคุณแล้ว และจะตอบกลับทางอีเมล",
    },
    "kept_only": {
        "en": "Your message has arrived.",
        "zh": "我们已收到您的留言。",
        "th": "เราได้รับข้อความของคุณแล้ว",
    },
    "within": {
        "en": "We mean to answer within {time}.",
        "zh": "我们力争在 {time}内回复。",
        "th": "เราตั้งใจจะตอบภายใน {time}",
    },
    "minutes": {"en": "{n} minutes", "zh": "{n} 分钟", "th": "{n} นาที"},
    "hours": {"en": "{n} hours", "zh": "{n} 小时", "th": "{n} ชั่วโมง"},
    "days": {"en": "{n} days", "zh": "{n} 天", "th": "{n} วัน"},
    "reference": {"en": "Your reference", "zh": "您的编号", "th": "หมายเลขอ้างอิงของคุณ"},
    "another": {"en": "Send another message", "zh": "再发送一条留言", "th": "ส่งข้อความอีกครั้ง"},
    "leave_empty": {"en": "Leave this empty", "zh": "请勿填写", "th": "โปรดเว้นว่างไว้"},
}
LANGUAGES = ("en", "zh", "th")


def word(name: str, language: str) -> str:
    """Return a word in a language, English where it has none."""
    return WORDS[name].get(language) or WORDS[name]["en"]


# A time is said in the largest unit of which there are at least two, rounded up: no promise is shorter than meant.
_UNITS = (("days", 24 * 60), ("hours", 60), ("minutes", 1))


def lasting(minutes: int, language: str) -> str:
    """Return so many minutes in words."""
    for name, size in _UNITS:
        count = -(-minutes // size)
        if minutes >= 2 * size or size == 1:
            return word(name, language).replace("{n}", str(max(2, count)))
    return ""


def labelled(labels: dict[str, str], language: str, otherwise: str) -> str:
    """Return a configured label in a language, else the first there is, else the name itself."""
    return labels.get(language) or next(iter(labels.values()), "") or otherwise


def choose_language(asked: str, header: str) -> str:
    """Return the language of a page: what was asked for, else the browser's first that we speak."""
    wanted = [asked, *(part.split(";")[0] for part in header.split(","))]
    spoken = (tag.strip().lower().split("-")[0] for tag in wanted)
    return next((tag for tag in spoken if tag in LANGUAGES), LANGUAGES[0])
