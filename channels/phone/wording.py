"""What callers and agents hear, in three languages. The configuration's text `phone-<name>` takes its place. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

# (notice, language) -> the configuration's text, empty where it has none.
Texts = Callable[[str, str], str]

SAID: Mapping[str, Mapping[str, str]] = {
    "greeting": {
        "en": "Welcome. Please hold the line; somebody will be with you shortly.",
        "zh": "您好，欢迎致电。请稍候，客服人员很快会为您服务。",
        "th": "สวัสดีค่ะ กรุณาถือสายรอสักครู่ เจ้าหน้าที่จะรับสายของคุณในไม่ช้า",
    },
    "place": {
        "en": "You are number {place} in line.",
        "zh": "您前面排队的位置是第 {place} 位。",
        "th": "คุณอยู่ในคิวลำดับที่ {place}",
    },
    "wait-range": {
        "en": "The wait is about {low} to {high} minutes.",
        "zh": "预计等候约 {low} 至 {high} 分钟。",
        "th": "เวลารอประมาณ {low} ถึง {high} นาที",
    },
    "wait-minutes": {
        "en": "The wait is about {high} minutes.",
        "zh": "预计等候约 {high} 分钟。",
        "th": "เวลารอประมาณ {high} นาที",
    },
    "wait-minute": {
        "en": "The wait is about one minute or less.",
        "zh": "预计等候约一分钟或更短。",
        "th": "เวลารอประมาณหนึ่งนาทีหรือน้อยกว่า",
    },
    "waiting": {
        "en": "Thank you for waiting.",
        "zh": "感谢您的耐心等待。",
        "th": "ขอบคุณที่รอสายค่ะ",
    },
    "keys": {
        "en": "Press 1 to be called back without losing your place, or 2 to leave a message.",
        "zh": "按 1 保留位置并由我们回电，按 2 留言。",
        "th": "กด 1 เพื่อให้เราโทรกลับโดยไม่เสียคิว หรือกด 2 เพื่อฝากข้อความ",
    },
    "call-back": {
        "en": "We will call you back on the number you are calling from. Press 1 to agree, or stay on the line.",
        "zh": "我们将回拨您现在使用的号码。按 1 确认，或继续等候。",
        "th": "เราจะโทรกลับหมายเลขที่คุณใช้อยู่ กด 1 เพื่อยืนยัน หรือถือสายรอต่อ",
    },
    "call-back-number": {
        "en": "Please type the number to call, with its country code, and then the hash key.",
        "zh": "请输入带国家代码的电话号码，以井号键结束。",
        "th": "กรุณากดหมายเลขโทรศัพท์พร้อมรหัสประเทศ แล้วกดสี่เหลี่ยม",
    },
    "call-back-kept": {
        "en": "Thank you. Your place is kept and we will call you. Good-bye.",
        "zh": "谢谢。您的位置已保留，我们会给您回电。再见。",
        "th": "ขอบคุณค่ะ เราเก็บคิวของคุณไว้และจะโทรกลับ สวัสดีค่ะ",
    },
    "voicemail": {
        "en": "Please leave your message after the tone, and press hash when you are done.",
        "zh": "请在提示音后留言，结束请按井号键。",
        "th": "กรุณาฝากข้อความหลังเสียงสัญญาณ แล้วกดสี่เหลี่ยมเมื่อเสร็จ",
    },
    "voicemail-kept": {
        "en": "Thank you. We have your message. Good-bye.",
        "zh": "谢谢，我们已收到您的留言。再见。",
        "th": "ขอบคุณค่ะ เราได้รับข้อความของคุณแล้ว สวัสดีค่ะ",
    },
    "voicemail-written": {
        "en": "Voice message ({seconds} s)",
        "zh": "语音留言（{seconds} 秒）",
        "th": "ข้อความเสียง ({seconds} วินาที)",
    },
    "good-bye": {
        "en": "Thank you for calling. Good-bye.",
        "zh": "感谢您的来电。再见。",
        "th": "ขอบคุณที่โทรมา สวัสดีค่ะ",
    },
    "one-moment": {
        "en": "One moment, please.",
        "zh": "请稍候。",
        "th": "กรุณารอสักครู่",
    },
    "sorry": {
        "en": "We are sorry, we cannot take your call now. Please try again in a few minutes.",
        "zh": "很抱歉，现在无法接听您的来电。请几分钟后再试。",
        "th": "ขออภัย ขณะนี้เราไม่สามารถรับสายได้ กรุณาโทรใหม่ในอีกไม่กี่นาที",
    },
    "on-hold": {
        "en": "Please hold the line.",
        "zh": "请不要挂断。",
        "th": "กรุณาถือสายรอ",
    },
    "agent-accept": {
        "en": "A call for you. Press 1 to accept.",
        "zh": "有来电。按 1 接听。",
        "th": "มีสายเข้า กด 1 เพื่อรับสาย",
    },
    "record-told": {
        "en": "This call is recorded.",
        "zh": "本次通话将被录音。",
        "th": "การสนทนานี้มีการบันทึกเสียง",
    },
    "record-ask": {
        "en": "May we record this call? Press 1 to agree, or stay on the line without a recording.",
        "zh": "是否同意对本次通话录音？按 1 同意；若不同意，请继续等候，不会录音。",
        "th": "ยินยอมให้บันทึกเสียงการสนทนาหรือไม่ กด 1 เพื่อยินยอม หรือถือสายรอโดยไม่บันทึก",
    },
    "talk-written": {
        "en": "Recording of the call ({seconds} s)",
        "zh": "通话录音（{seconds} 秒）",
        "th": "บันทึกการสนทนา ({seconds} วินาที)",
    },
    "called-back": {
        "en": "You asked us to call you back. Press 1 to be connected.",
        "zh": "这是您预约的回电。请按 1 接通。",
        "th": "คุณขอให้เราโทรกลับ กด 1 เพื่อต่อสาย",
    },
    "caller-gone": {
        "en": "The caller has gone.",
        "zh": "来电者已挂断。",
        "th": "ผู้โทรวางสายแล้ว",
    },
    "no-answer": {
        "en": "The customer does not answer.",
        "zh": "客户没有接听。",
        "th": "ลูกค้าไม่รับสาย",
    },
}


def about(minutes: tuple[int, int]) -> str:
    """Return the name of the sentence that speaks of so many minutes."""
    low, high = minutes
    if high <= 1:
        return "wait-minute"
    return "wait-minutes" if low == high else "wait-range"


def said(name: str, language: str, texts: Texts, **values: object) -> str:
    """Return a sentence: the configuration's own, else ours in that language, else in English."""
    ours = SAID.get(name, {})
    text = texts(f"phone-{name}", language) or ours.get(language) or ours.get("en", "")
    for place, value in values.items():
        text = text.replace("{" + place + "}", str(value))
    return text
