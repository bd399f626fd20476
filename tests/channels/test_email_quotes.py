"""New text against quoted text: eight languages, QQ, bottom posting, and words that only look like a quote."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.email.quotes import new_text

LONG_CHARS = 100_000
SECONDS_MAX = 5.0

ATTRIBUTIONS = {
    "english": "On Mon, Nov 2, 2026 at 10:00 AM Support <support@example.com> wrote:",
    "english over two lines": "On Mon, Nov 2, 2026 at 10:00 AM Support Team of the Shop\n<support@example.com> wrote:",
    "german": "Am 02.11.2026 um 10:00 schrieb Support <support@example.com>:",
    "french": "Le lun. 2 nov. 2026 à 10:00, Support <support@example.com> a écrit :",
    "spanish": "El lun, 2 nov 2026 a las 10:00, Support (<support@example.com>) escribió:",
    "italian": "Il giorno lun 2 nov 2026 alle ore 10:00 Support <support@example.com> ha scritto:",
    "czech": "Dne po 2. 11. 2026 10:00 uživatel Support <support@example.com> napsal:",
    "chinese": "在 2026年11月2日，上午10:00，Support <support@example.com> 写道：",
    "chinese of gmail": "Support <support@example.com> 于2026年11月2日周一 10:00写道：",
    "taiwanese": "Support <support@example.com> 於 2026年11月2日 週一 上午10:00寫道：",
    "thai": "เมื่อ จ. 2 พ.ย. 2026 เวลา 10:00 Support <support@example.com> เขียนว่า:",
    "japanese": "2026年11月2日(月) 10:00 Support <support@example.com>:",
    "japanese of apple": "2026/11/02 10:00、Support <support@example.com>のメール:",
    "russian over two lines": "2 ноября 2026 г., 10:00 пользователь Support\n<support@example.com> написал:",
    "portuguese": "Em seg., 2 de nov. de 2026 às 10:00, Support <support@example.com> escreveu:",
    "korean": "2026년 11월 2일 (월) 오전 10:00, Support <support@example.com>님이 작성:",
    "russian": "Понедельник, 2 ноября 2026, 10:00 +03:00 от Support <support@example.com>:",
}
BLOCKS = {
    "outlook": "From: Support\nSent: Monday, 2 November 2026\nTo: Ann\nSubject: Your order",
    "outlook with a rule": "______________________\nFrom: Support\nSent: Monday\nTo: Ann\nSubject: Your order",
    "german outlook": "Von: Support\nGesendet: Montag, 2. November 2026\nAn: Ann\nBetreff: Bestellung",
    "czech outlook": "Od: Support\nOdesláno: pondělí 2. listopadu 2026\nKomu: Ann\nPředmět: Objednávka",
    "french outlook": "De : Support\nEnvoyé : lundi 2 novembre 2026\nÀ : Ann\nObjet : Commande",
    "chinese outlook": "发件人: Support\n发送时间: 2026年11月2日\n收件人: Ann\n主题: 订单",
    "thai outlook": "จาก: Support\nส่งเมื่อ: 2 พฤศจิกายน 2026\nถึง: Ann\nเรื่อง: คำสั่งซื้อ",
    "qq": '------------------ 原始邮件 ------------------\n发件人: "Support" <support@example.com>;',
    "qq of today": '------------------&nbsp;原始邮件&nbsp;------------------\n发件人: "Support";',
    "original message": "-----Original Message-----\nFrom: Support",
    "german": "-----Ursprüngliche Nachricht-----\nVon: Support",
    "forwarded by gmail": "---------- Forwarded message ---------\nFrom: Support",
    "apple forward": "Begin forwarded message:\n\nFrom: Support",
}


@pytest.mark.parametrize("attribution", ATTRIBUTIONS.values(), ids=ATTRIBUTIONS)
def test_an_answer_above_a_quote_is_what_is_new(attribution: str) -> None:
    assert new_text(f"Yes, please.\n\n{attribution}\n\n> Shall we send it?\n> Regards\n") == "Yes, please."


@pytest.mark.parametrize("attribution", ATTRIBUTIONS.values(), ids=ATTRIBUTIONS)
def test_an_answer_below_a_quote_is_what_is_new(attribution: str) -> None:
    assert new_text(f"{attribution}\n> Shall we send it?\n> Regards\n\nYes, please.\n") == "Yes, please."


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_a_copied_header_ends_what_is_new(block: str) -> None:
    assert new_text(f"Yes, please.\n\n{block}\n\nShall we send it?\nRegards") == "Yes, please."


@pytest.mark.parametrize(
    "text",
    [
        "I want to travel.\nFrom: Prague\nTo: Vienna\nDate: 3 May\nHow much is it?",
        "The label says\nFrom: the shop\nand nothing else.",
        "On Monday your colleague wrote:\nwe will call you. Nobody did.",
        "The letter says:\n- one\n- two\n\n-- and more",
        "Subject: boots\nTo: whom it concerns\nI have a question.",
        "He wrote: no.\nI write: yes.",
        "你好，他写道：不行。\n请帮忙",
    ],
)
def test_running_text_is_never_cut(text: str) -> None:
    assert new_text(text) == text


def test_answers_between_quoted_lines_are_all_kept() -> None:
    text = "On 2 Nov 2026, Support <s@example.com> wrote:\n> Which size?\n42\n> Which colour?\nblue\n"
    assert new_text(text) == "42\nblue"


@pytest.mark.parametrize(
    "text",
    ["> only a quote\n> nothing else", "On 2 Nov 2026, Support <s@example.com> wrote:\n> hello", "--\nAnn\nShop Ltd"],
)
def test_where_nothing_would_be_left_everything_is_shown(text: str) -> None:
    assert new_text(text) == text


@pytest.mark.parametrize(
    "signature",
    [
        "Sent from my iPhone",
        "Get Outlook for iOS",
        "Von meinem iPhone gesendet",
        "Odesláno z iPhonu",
        "发自我的iPhone",
        "ส่งจาก iPhone ของฉัน",
        "-- \nAnn, Shop Ltd",
        "--\nAnn",
    ],
)
def test_what_a_program_signs_is_not_what_was_said(signature: str) -> None:
    assert new_text(f"Yes, please.\n\n{signature}\n") == "Yes, please."


@settings(deadline=None)
@given(st.text(max_size=300))
def test_no_text_is_ever_turned_into_nothing(text: str) -> None:
    assert bool(new_text(text)) == bool(text.strip())


@settings(deadline=None)
@given(st.text(alphabet=st.characters(categories=["Ll", "Lo"]), min_size=1, max_size=30))
def test_the_first_plain_line_survives_every_quote(first: str) -> None:
    for quote in (*ATTRIBUTIONS.values(), *BLOCKS.values()):
        assert new_text(f"{first} !\n\n{quote}\n> old").startswith(f"{first} !")


@pytest.mark.parametrize(
    "piece", [" ", "> ", ">", "-", "_", "On 1 a wrote:\n> x\n", "From: \n", "On 1 ", "a\n", "\n ", "发件人:", "在2026"]
)
def test_no_text_takes_long(piece: str) -> None:
    text = (piece * (LONG_CHARS // len(piece))) + "x"
    started = time.process_time()
    new_text(text)
    assert time.process_time() - started < SECONDS_MAX
