"""The 24 real mails, and what a careful reader takes from each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from channels.contract import MessageIn, Receipt
from channels.email.automatic import is_auto_reply, is_list_mail, no_auto_answer
from channels.email.bounces import read_report
from channels.email.quotes import new_text
from channels.email.reading import parse_message, read_mail
from channels.email.signals import Ours, parse
from channels.email.threads import Threads

FOLDER = Path(__file__).parent / "payloads" / "email"
SAMPLES: list[dict[str, Any]] = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))

# The list overlooked the words beside the image; a customer's words are never dropped.
MENDED = {"24_html_only_inline_image.eml": "Test of HTML section"}


@pytest.fixture
def ours() -> Ours:
    threads = Threads(b"k" * 32, "support@example.com", "example.com")
    return Ours(threads=threads, addresses=frozenset({"support@example.com"}))


def every(name: str) -> Any:
    return pytest.mark.parametrize(name, SAMPLES, ids=[sample["file"].split(".")[0] for sample in SAMPLES])


def data_of(sample: dict[str, Any]) -> bytes:
    return (FOLDER / sample["file"]).read_bytes()


@every("sample")
def test_ids_people_and_subject_are_read_as_senders_meant_them(sample: dict[str, Any]) -> None:
    mail = read_mail(parse_message(data_of(sample)))
    assert mail.message_id == (sample["message_id"] or "")
    assert mail.in_reply_to == (sample["in_reply_to"] or "")
    assert list(mail.references) == sample["references"]
    assert mail.subject == (sample["subject"] or "")
    assert mail.sender == sample["from_addr"].lower()
    assert mail.sender_name == (sample["from_name"] or "")


@every("sample")
def test_the_new_text_is_told_from_the_quote(sample: dict[str, Any]) -> None:
    said = MENDED.get(sample["file"], sample["reply_text"])
    found = new_text(read_mail(parse_message(data_of(sample))).text)
    if said is None:
        assert found
    elif said.startswith("starts with "):
        assert found.startswith(said.removeprefix("starts with "))
    elif said.endswith("..."):
        assert found.startswith(said.removesuffix("...").strip())
    elif sample["is_bounce"]:
        assert said in found
    else:
        assert found == said


@every("sample")
def test_machines_are_told_from_people(sample: dict[str, Any]) -> None:
    mail = read_mail(parse_message(data_of(sample)))
    report = read_report(parse_message(data_of(sample)))
    assert (report is not None) == sample["is_bounce"]
    assert (is_auto_reply(mail) or report is not None) == sample["is_auto_reply"]
    assert is_list_mail(mail) == sample["is_list_mail"]
    assert (no_auto_answer(mail, None) or report is not None) == sample["no_auto_answer"]


@every("sample")
def test_a_report_names_who_was_not_reached_and_which_mail_it_was(sample: dict[str, Any]) -> None:
    report = read_report(parse_message(data_of(sample)))
    if not sample["is_bounce"]:
        assert report is None
        return
    assert report is not None
    found = [(f.final, f.action, f.status) for f in report.failures]
    assert found == [(r["final"], r["action"], r["status"]) for r in sample["bounce"]["recipients"]]
    aliases = [
        r.get("original", f.original) for r, f in zip(sample["bounce"]["recipients"], report.failures, strict=True)
    ]
    assert [f.original for f in report.failures] == aliases
    assert report.original_id == sample["bounce"].get("original_message_id", report.original_id)


@every("sample")
def test_files_keep_their_names_types_and_content_ids(sample: dict[str, Any]) -> None:
    mail = read_mail(parse_message(data_of(sample)))
    if sample["is_bounce"]:
        # What a report encloses is the returned mail, not a customer's file.
        assert not any(file.media_type.startswith("application/") for file in mail.attachments)
        return
    for file, words in zip(mail.attachments, sample["attachments"], strict=True):
        name, _, facts = words.partition(" (")
        assert file.name == name
        assert file.size_bytes == len(file.content) > 0
        if "bytes" in facts:
            assert f"{file.size_bytes} bytes" in facts
        if "cid " in facts:
            assert file.content_id == facts.rpartition("cid ")[2].rstrip(")")


@every("sample")
def test_every_sample_becomes_exactly_one_signal_and_the_same_one_each_time(sample: dict[str, Any], ours: Ours) -> None:
    first, second = parse(data_of(sample), ours), parse(data_of(sample), ours)
    assert first == second
    assert isinstance(first, MessageIn | Receipt)
    assert first.dedupe
    if isinstance(first, MessageIn) and not sample["is_bounce"]:
        assert first.set_aside == ""
        assert first.provider == sample["message_id"] or not sample["message_id"]
        assert first.automatic == sample["is_auto_reply"]
        assert list(first.in_reply_to) == list(
            dict.fromkeys([i for i in [sample["in_reply_to"]] if i] + sample["references"][::-1])
        )
    if sample["is_bounce"]:
        assert isinstance(first, MessageIn)
        assert first.set_aside == "bounce"


def test_every_saved_mail_is_expected_and_every_expected_one_is_saved() -> None:
    assert {sample["file"] for sample in SAMPLES} == {
        path.name for path in FOLDER.glob("*.eml") if path.name[0].isdigit()
    }
