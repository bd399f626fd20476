"""The vendor's signature: every vector, the vendor's own validator as oracle, and what must not pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from channels.twilio import form_fields, is_genuine, signature

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "twilio.json").read_text())["vectors"]
SIGNED = [vector for vector in VECTORS if "signature" in vector["inputs"]]
FORM = "application/x-www-form-urlencoded"
URL = "https://desk.example.com/channels/sms/in?x=1"


def judged(vector: dict[str, Any]) -> bool:
    said = vector["inputs"]
    params = said.get("params", {})
    pairs = list(params.items()) if isinstance(params, dict) else [tuple(pair) for pair in params]
    body = said.get("body", urlencode(pairs)).encode()
    kind = said.get("content_type", FORM if body else "")
    return is_genuine([said["auth_token"]], said["url"], body, content_type=kind, given=said["signature"])


@pytest.mark.parametrize("vector", SIGNED, ids=lambda vector: vector["id"])
def test_every_vector_is_judged_as_the_vendor_judges_it(vector: dict[str, Any]) -> None:
    assert judged(vector) is vector["expected"]["valid"]


@given(fields=st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=20), token=st.text(min_size=1))
def test_what_the_vendor_signs_passes_and_one_changed_byte_does_not(fields: list[tuple[str, str]], token: str) -> None:
    from multidict import MultiDict

    try:
        body = urlencode(fields).encode()
    except UnicodeEncodeError:
        return
    sign = RequestValidator(token).compute_signature(URL, MultiDict(fields))
    assert signature(token, URL, fields) == sign
    assert is_genuine([token], URL, body, content_type=FORM, given=sign)
    assert not is_genuine([token], URL, body + b"&a=b", content_type=FORM, given=sign)
    assert not is_genuine([token + "x"], URL, body, content_type=FORM, given=sign)


def test_while_a_token_is_changed_the_old_one_passes_too() -> None:
    sign = signature("old", URL, [("A", "b")])
    assert is_genuine(["new", "old"], URL, b"A=b", content_type=FORM, given=sign)
    assert not is_genuine(["new"], URL, b"A=b", content_type=FORM, given=sign)


def test_a_json_body_that_is_not_the_signed_one_is_refused() -> None:
    (vector,) = [vector for vector in SIGNED if vector["id"] == "twilio-json-body"]
    said = vector["inputs"]
    assert not is_genuine(
        [said["auth_token"]], said["url"], b"{}", content_type="application/json", given=said["signature"]
    )


@pytest.mark.parametrize("body", [b"A=%FF%FE", "A=é".encode("latin-1"), b"&".join([b"a=1"] * 500)])
def test_a_body_in_another_charset_or_with_endless_fields_is_no_form(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the kind of error is the promise, the words are Python's
        form_fields(body)
