"""The sealed envelope, held to the vendor's samples, to `wechatpy` in both directions, and to random bytes."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import xml.etree.ElementTree as ET
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto import WeChatCrypto
from wechatpy.enterprise.crypto import WeChatCrypto as WeComCrypto

from channels.five_seconds import is_signed, is_stamp, sorted_sha1
from channels.tencent.envelope import Sealer, Unreadable, fields_of
from tests.channels.vectors.reading import vectors

TOKEN, KEY, APP = "a-token", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wx0123456789abcdef"
RANDOM = b"1234567890123456"
SEALED = {**vectors("wechat"), **vectors("wecom")}


def sealer(owner: str = APP) -> Sealer:
    return Sealer(TOKEN, KEY, owner)


@pytest.mark.parametrize("name", ["wechat-oa-aes-text", "wechat-oa-aes-empty-ish"])
def test_the_samples_of_safe_mode_are_signed_open_and_seal_to_the_same_letters(name: str) -> None:
    given_, expected = SEALED[name]["inputs"], SEALED[name]["expected"]
    ours = Sealer(given_["token"], given_["encoding_aes_key"], given_["app_id"])
    stamp = (given_["timestamp"], given_["nonce"], given_["encrypt"])
    assert ours.is_signed(given_["msg_signature"], *stamp)
    assert ours.signature(*stamp) == given_["msg_signature"]
    assert ours.open(given_["encrypt"]).decode() == expected["plaintext"]
    assert ours.seal(expected["plaintext"].encode(), expected["random16"].encode()) == given_["encrypt"]


def test_the_vendors_own_sample_of_a_sealed_url_check_opens() -> None:
    vector: dict[str, Any] = SEALED["wecom-official-url-verify"]
    given_ = vector["inputs"]
    ours = Sealer(given_["token"], given_["encoding_aes_key"], given_["receive_id"])
    assert ours.is_signed(given_["msg_signature"], given_["timestamp"], given_["nonce"], given_["echostr"])
    assert ours.open(given_["echostr"]).decode() == vector["expected"]["response_body"]


def test_the_vendors_own_sample_of_a_sealed_message_opens_to_its_fields() -> None:
    vector = SEALED["wecom-official-message"]
    given_ = vector["inputs"]
    ours = Sealer(given_["token"], given_["encoding_aes_key"], given_["receive_id"])
    sealed = fields_of(given_["body"].encode())["Encrypt"]
    assert ours.is_signed(given_["msg_signature"], given_["timestamp"], given_["nonce"], sealed)
    fields = fields_of(ours.open(sealed))
    assert fields.items() >= vector["expected"]["fields"].items()


def test_a_sample_with_a_wrong_signature_is_not_signed() -> None:
    given_ = SEALED["wecom-wechatpy-url-verify-bad"]["inputs"]
    ours = Sealer(given_["token"], given_["encoding_aes_key"], given_["receive_id"])
    assert not ours.is_signed(given_["msg_signature"], given_["timestamp"], given_["nonce"], given_["echostr"])


@pytest.mark.parametrize("peer", [WeChatCrypto, WeComCrypto])
@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\0", exclude_categories=["Cc"]), max_size=300))
def test_what_the_independent_library_seals_we_open_and_the_other_way_round(peer: Any, text: str) -> None:
    ours, theirs = sealer(), peer(TOKEN, KEY, APP)
    sealed = fields_of(
        theirs.encrypt_message(f"<xml><a>{base64.b64encode(text.encode()).decode()}</a></xml>", "n", "1")
    )
    assert ours.is_signed(sealed["MsgSignature"], sealed["TimeStamp"], sealed["Nonce"], sealed["Encrypt"])
    assert base64.b64decode(fields_of(ours.open(sealed["Encrypt"]))["a"]).decode() == text
    mine = ours.seal(text.encode(), RANDOM)
    document = f"<xml><Encrypt>{mine}</Encrypt></xml>"
    opened = theirs.decrypt_message(document, ours.signature("1", "n", mine), "1", "n")
    assert (opened if isinstance(opened, str) else opened.decode()) == text


def test_what_was_sealed_for_another_account_is_refused() -> None:
    with pytest.raises(Unreadable, match="sealed_for_another"):
        sealer().open(sealer("wxffffffffffffffff").seal(b"hello", RANDOM))


def test_a_changed_byte_is_refused_or_gives_other_words() -> None:
    sealed = base64.b64decode(sealer().seal(b"<xml>hello</xml>", RANDOM))
    read: set[bytes] = set()
    for place in range(len(sealed)):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with suppress(Unreadable):
            read.add(sealer().open(base64.b64encode(changed).decode()))
    assert b"<xml>hello</xml>" not in read


@given(st.one_of(st.binary(max_size=200).map(lambda data: base64.b64encode(data).decode()), st.text(max_size=100)))
def test_no_letters_break_the_opener(sealed: str) -> None:
    with pytest.raises(Unreadable):
        sealer().open(sealed)


@pytest.mark.parametrize("key", ["", "short", KEY[:-1] + "!", KEY + "A", "é" * 43])
def test_a_key_that_is_none_is_said_without_repeating_it(key: str) -> None:
    with pytest.raises(ValueError, match="EncodingAESKey") as failed:
        Sealer(TOKEN, key, APP)
    assert not key or key not in str(failed.value)


# --- signatures --------------------------------------------------------------------------------------------


def test_what_is_signed_is_sorted_as_words_and_not_as_numbers() -> None:
    assert sorted_sha1("9", "10", "a") == hashlib.sha1(b"109a", usedforsecurity=False).hexdigest()


def test_an_empty_secret_signs_nothing() -> None:
    assert not is_signed(sorted_sha1("", "1", "2"), "", "1", "2")


def test_a_signature_is_forty_hex_signs_and_no_others() -> None:
    good = sorted_sha1("t", "1", "2")
    assert is_signed(good, "t", "1", "2")
    assert is_signed(good.upper(), "t", "1", "2")
    for bad in ("", good[:-1], good + "0", "é" * 40, good.replace(good[0], "g")):
        assert not is_signed(bad, "t", "1", "2")


@pytest.mark.parametrize(
    ("timestamp", "nonce"),
    [("", "n"), ("1", ""), ("-1", "n"), ("٣", "n"), ("1" * 17, "n"), ("1", "n" * 129), ("1", "\n")],
)
def test_a_stamp_of_strange_signs_is_none(timestamp: str, nonce: str) -> None:
    assert not is_stamp(timestamp, nonce)
    assert is_stamp("1760000000", "abc")


# --- XML ---------------------------------------------------------------------------------------------------


def test_fields_inside_a_field_are_named_by_both() -> None:
    assert fields_of(b"<xml><a>1</a><b><c><![CDATA[<2>]]></c></b><a>3</a></xml>") == {"a": "1", "b.c": "<2>", "b": ""}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"<xml><a></xml>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><xml>&a;</xml>',
        b'<!DOCTYPE x SYSTEM "file:///etc/hostname"><xml/>',
        "<xml><a>你好</a></xml>".encode("gbk"),
        b"<xml>" * 50 + b"</xml>" * 50,
        b"<xml>\x00</xml>",
    ],
)
def test_what_is_no_plain_document_in_utf8_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable, match="xml_unreadable"):
        fields_of(body)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    with contextlib.suppress(Unreadable):
        assert all(isinstance(word, str) for field in fields_of(body).items() for word in field)


names = st.sampled_from(["ToUserName", "Content", "MsgId"])


@given(st.dictionaries(names, st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=50)))
def test_any_text_comes_back_as_it_was_written(said: dict[str, str]) -> None:
    root = ET.Element("xml")
    for name, text in said.items():
        ET.SubElement(root, name).text = text
    assert fields_of(ET.tostring(root, encoding="utf-8")) == said
