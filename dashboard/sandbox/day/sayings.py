"""What made-up people say, by language: who writes, who answers, who talks. Words only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Words = Mapping[str, Sequence[str]]

NAMES: Sequence[tuple[str, str]] = (
    ("Eva Malá", "en"),
    ("Tom Walker", "en"),
    ("Ravi Shah", "en"),
    ("Lucía Ramos", "en"),
    ("Ingrid Berg", "en"),
    ("Olu Adeyemi", "en"),
    ("Jan Kovář", "en"),
    ("Sofia Rossi", "en"),
    ("王芳", "zh"),
    ("李伟", "zh"),
    ("陈静", "zh"),
    ("สมชาย ใจดี", "th"),
    ("มาลี ศรีสุข", "th"),
)
FIRST: Words = {
    "en": (
        "Where is my order? It was due yesterday.",
        "I would like a refund for my tent.",
        "My invoice shows the wrong address.",
        "Do you have the red jacket in size M?",
        "This is the third time I ask. I want to complain.",
        "Can I change the delivery address of my order?",
        "The zip of my new sleeping bag is broken.",
        "When do you open on Saturday?",
    ),
    "zh": ("我的订单到哪里了？", "我想退款，帐篷坏了。", "发票上的地址不对。", "红色外套有 M 码吗？", "我要投诉。"),
    "th": ("คำสั่งซื้อของฉันอยู่ที่ไหน", "ขอคืนเงินค่าเต็นท์ค่ะ", "ที่อยู่ในใบแจ้งหนี้ไม่ถูกต้อง", "ขอร้องเรียน"),
}
MORE: Words = {
    "en": ("The number is 48-2213.", "Yes, please.", "I have a photo of it if you need one.", "How long will it take?"),
    "zh": ("单号是 48-2213。", "好的，麻烦了。", "需要多久？"),
    "th": ("หมายเลข 48-2213 ค่ะ", "ได้ค่ะ รบกวนด้วย", "ใช้เวลานานไหมคะ"),
}
THANKS: Words = {
    "en": ("Thank you, that helps.", "Great, thanks!", "Perfect, have a nice day."),
    "zh": ("谢谢，解决了。", "太好了，谢谢！"),
    "th": ("ขอบคุณค่ะ", "ดีมาก ขอบคุณครับ"),
}
# What is said beside a rating: of a bad one (False), of a good one.
RATED: Mapping[bool, Words] = {
    True: {
        "en": ("Quick and friendly, thank you!", "A little faster and it is perfect."),
        "zh": ("服务很好，解决得很快！",),
        "th": ("บริการดีมาก รวดเร็วค่ะ",),
    },
    False: {
        "en": ("I had to wait too long.", "Nobody really answered my question.", "I was asked for the number twice."),
        "zh": ("等了太久。", "问题没有解决。"),
        "th": ("รอนานเกินไปค่ะ",),
    },
}
ANSWERS: Sequence[str] = (
    "Good day, thank you for writing. May I have your order number?",
    "I am looking at it right now, one moment please.",
    "I have changed that for you; a confirmation is on its way.",
    "The refund has been started and arrives within three days.",
    "We have it in stock. Shall I put one aside for you?",
    "I am sorry for the trouble. I have passed it on and it is settled by tomorrow.",
    "Is there anything else I can do for you?",
)
SPOKEN: Sequence[tuple[str, str]] = (
    ("Hello, I am calling about my order.", "Good day, may I have the number?"),
    ("It is 48-2213.", "Thank you. I see it; it left our store this morning."),
    ("Then it comes tomorrow?", "Yes, before noon."),
    ("That is all I wanted to know. Good-bye.", "Thank you for calling, good-bye."),
)
PROMISES: Sequence[str] = (
    "Tell them when the red jacket is back in stock.",
    "Call when the refund has left the bank.",
    "Ask whether the parcel came.",
    "Check the corrected invoice with Billing, then write.",
    "They wanted to think about it: ask again.",
)
OUTCOMES: Sequence[str] = ("resolved", "information-given", "order-changed", "refund-given")
# What a supervisor writes in a review, of a badly rated conversation (False) and of another; what is answered to it.
FOUND: Mapping[bool, Sequence[str]] = {
    True: ("Clear and kind. Keep it so.", "Good. Say at the end once more what happens next."),
    False: ("The question was not answered before it was closed.", "Ask once, and write down what they said."),
}
DIFFERS: Sequence[str] = (
    "They had what they wanted; the wait before it was not mine.",
    "I did say it, in my second message.",
)
LAST_WORDS: Sequence[str] = ("You are right about the wait. The points stay.", "Seen. Let us talk about it on Monday.")
