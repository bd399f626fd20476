"""E-mail that leaves over the wire: a real relay takes what we send."""

from __future__ import annotations

import asyncio

import pytest

from channels import email
from channels.contract import HangUp, LineRef, Send, TryLater, Undeliverable, Unsure
from channels.email import smtp_out
from tests.channels.door import MemoryDoor
from tests.channels.relay import Relay, serving
from tests.ports import free_port

LINE = LineRef(channel="email", key="0123456789abcdef01234567", peer="ann@example.org")
MAIL = b"From: Ann <ann@example.org>\r\nTo: support@example.com\r\nMessage-ID: <a@x>\r\nSubject: Boots\r\n\r\nHello"


def send(**changes: object) -> Send:
    given = {"key": "k1", "line": LINE, "text": "Hello Ann", "subject": "Re: Boots", "reference": "PB-1"}
    return Send(**{**given, **changes})  # type: ignore[arg-type]


def channel(port: int, door: MemoryDoor | None = None, **changes: object) -> email.Email:
    out = {"out_host": "127.0.0.1", "out_port": port, "out_tls": "none"} if port else {}
    return email.build(email.Settings(**{**out, **changes}), door or MemoryDoor(), {"SMTP_PW": "s3cret"})  # type: ignore[arg-type]


# --- out ----------------------------------------------------------------------------------------------------


async def test_a_reply_arrives_threaded_and_from_the_mailbox() -> None:
    async with serving(Relay()) as relay:
        effect = send(thread=("<first@x>", "<second@x>"), author="Bára Nová", language="cs")
        done = await channel(relay.port).perform(effect)
    (taken,) = relay.taken
    assert (taken.sender, taken.recipients) == ("support@example.com", ["ann@example.org"])
    mail = taken.mail
    assert mail["Message-ID"] == done.provider
    assert mail["In-Reply-To"] == "<second@x>"
    assert mail["References"].split() == ["<first@x>", "<second@x>"]
    assert mail["Subject"] == "Re: Boots [PB-1]"
    assert str(mail["From"]) == "Bára Nová <support@example.com>"
    assert mail["Content-Language"] == "cs"
    assert mail["Auto-Submitted"] is None
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().strip() == "Hello Ann"
    assert all(byte < 128 for byte in taken.data)


async def test_automatic_mail_has_no_envelope_sender_and_says_what_it_is() -> None:
    async with serving(Relay()) as relay:
        await channel(relay.port).perform(send(automatic=True, notice="received"))
    (taken,) = relay.taken
    assert taken.sender == ""
    assert taken.mail["Auto-Submitted"] == "auto-generated"
    assert taken.mail["X-Auto-Response-Suppress"] == "All"


async def test_a_repeat_has_the_same_message_id() -> None:
    async with serving(Relay()) as relay:
        ours = channel(relay.port)
        first, second = await ours.perform(send()), await ours.perform(send())
        other = await ours.perform(send(key="k2"))
    assert first == second != other
    assert [taken.mail["Message-ID"] for taken in relay.taken[:2]] == [first.provider] * 2


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    ("answer", "reason", "kind"),
    [
        ("421 4.3.2 later", "smtp_421", TryLater),
        ("450 4.2.1 busy ann@example.org", "smtp_450", TryLater),
        ("451 4.7.1 greylisted", "smtp_451", TryLater),
        ("452 4.2.2 full", "smtp_452", TryLater),
        ("530 5.7.0 authenticate first", "relay_auth_530", TryLater),
        ("550 5.1.1 no ann@example.org here", "smtp_550", Undeliverable),
        ("552 5.3.4 too big", "smtp_552", Undeliverable),
        ("554 5.7.1 spam", "smtp_554", Undeliverable),
    ],
)
async def test_each_status_is_later_or_never(step: str, answer: str, reason: str, kind: type[TryLater]) -> None:
    async with serving(Relay(answers={step: answer})) as relay:
        with pytest.raises(kind) as failed:
            await channel(relay.port).perform(send())
    assert failed.value.reason == reason
    assert relay.taken == []


async def test_an_answer_that_is_lost_after_the_mail_leaves_us_unsure() -> None:
    async with serving(Relay(hang_up=True)) as relay:
        with pytest.raises(Unsure, match="relay_silent"):
            await channel(relay.port).perform(send())
    assert len(relay.taken) == 1


async def test_mails_share_a_connection_and_one_the_relay_has_closed_costs_nothing() -> None:
    async with serving(Relay()) as relay:
        mailer = channel(relay.port)
        await mailer.perform(send())
        await mailer.perform(send())
        assert relay.said_hello == 1
        relay.drop_all()
        await asyncio.sleep(0.01)
        await mailer.perform(send())
        assert relay.said_hello == 2
    assert len(relay.taken) == 3


async def test_a_refused_mail_leaves_no_half_open_envelope_to_the_next() -> None:
    async with serving(Relay(answers={"RCPT": "550 5.1.1 nobody"})) as relay:
        mailer = channel(relay.port)
        with pytest.raises(Undeliverable):
            await mailer.perform(send())
        relay.answers.clear()
        await mailer.perform(send())
        relay.answers["RCPT"] = "550 5.1.1 nobody"
        with pytest.raises(Undeliverable):
            await mailer.perform(send())
        relay.answers.clear()
        await mailer.perform(send())
    assert [taken.recipients for taken in relay.taken] == [["ann@example.org"]] * 2


async def test_kept_connections_are_closed_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_out, "KEPT_S", 0.05)
    async with serving(Relay()) as relay:
        await channel(relay.port).perform(send())
        async with asyncio.timeout(60):
            while relay.sessions[0].transport is not None:
                await asyncio.sleep(0.01)


async def test_a_relay_that_is_away_is_tried_later() -> None:
    with pytest.raises(TryLater, match="relay_unreachable"):
        await channel(free_port()).perform(send())


async def test_a_relay_that_never_answers_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_out, "ENVELOPE_S", 0.2)
    hung = asyncio.Event()

    async def silence(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hung.wait()
        writer.close()

    server = await asyncio.start_server(silence, "127.0.0.1", 0)
    async with server:
        with pytest.raises(TryLater, match="relay_unreachable"):
            await channel(server.sockets[0].getsockname()[1]).perform(send())
        hung.set()


def test_all_time_outs_together_are_shorter_than_the_outbox_waits() -> None:
    assert smtp_out.ENVELOPE_S + smtp_out.DATA_S < 30


async def test_a_relay_without_tls_gets_no_password() -> None:
    async with serving(Relay()) as relay:
        ours = channel(relay.port, out_tls="starttls", out_user="u", out_password_env="SMTP_PW")
        with pytest.raises(TryLater) as failed:
            await ours.perform(send())
    assert "s3cret" not in repr(failed.value)
    assert relay.taken == []


@pytest.mark.parametrize("peer", ["", "no address", "a@b\r\nRCPT TO:<eve@x>", "ünï@example.org", "a@b,c@d", "a@b\n"])
async def test_an_address_that_cannot_be_one_is_never_tried(peer: str) -> None:
    async with serving(Relay()) as relay:
        line = LineRef(channel="email", key=LINE.key, peer=peer)
        with pytest.raises(Undeliverable) as failed:
            await channel(relay.port).perform(send(line=line))
    assert relay.taken == []
    assert not peer or peer not in str(failed.value)


async def test_a_domain_in_another_script_is_written_in_ascii() -> None:
    async with serving(Relay()) as relay:
        await channel(relay.port).perform(send(line=LineRef(channel="email", key=LINE.key, peer="ann@bücher.example")))
    assert relay.taken[0].recipients == ["ann@xn--bcher-kva.example"]


async def test_who_gets_a_copy_is_named_once_and_gets_it() -> None:
    copies = ("bo@example.org", "cy@bücher.example", "ann@example.org")
    async with serving(Relay()) as relay:
        await channel(relay.port).perform(send(cc=copies))
    (taken,) = relay.taken
    assert taken.recipients == ["ann@example.org", "bo@example.org", "cy@xn--bcher-kva.example"]
    assert taken.mail["Cc"].split(", ") == ["bo@example.org", "cy@xn--bcher-kva.example", "ann@example.org"]
    assert b"\r\n cy@" in taken.data, "each stands on a line of its own, as no line may be long"


async def test_a_copy_that_cannot_be_sent_keeps_the_whole_letter_back() -> None:
    async with serving(Relay()) as relay:
        for other in ("no address", "a@b\r\nRCPT TO:<eve@x>"):
            with pytest.raises(Undeliverable):
                await channel(relay.port).perform(send(cc=("bo@example.org", other)))
    assert relay.taken == []


async def test_without_a_relay_replies_wait_and_other_effects_are_refused() -> None:
    with pytest.raises(TryLater, match="no_relay_configured"):
        await channel(0).perform(send())
    with pytest.raises(Undeliverable, match="effect_unknown"):
        await channel(0).perform(HangUp(key="k", line=LINE))
