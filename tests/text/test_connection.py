"""A server's address and key: from where, and what is never shown."""

from __future__ import annotations

import base64

import pytest
from pydantic import ValidationError

from harness.errors import InputError
from harness.text.connection import PUBLIC_URL, Connection


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_plan_then_variable_then_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-longenough")
    assert Connection(model="m").access().url == PUBLIC_URL
    monkeypatch.setenv("OPENAI_BASE_URL", "https://host:8443/v1")
    assert Connection(model="m").access().url == "https://host:8443/v1"
    assert Connection(model="m", base_url="http://[::1]:80/v1").access().url == "http://[::1]:80/v1"


def test_a_key_is_needed_elsewhere_and_not_here(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Connection(model="m", base_url="http://127.0.0.1:1/v1").access().key == "none"
    with pytest.raises(InputError, match="MY_KEY is not set; expected the key of https"):
        Connection(model="m", key_variable="MY_KEY").access()
    monkeypatch.setenv("MY_KEY", "sk-longenough")
    assert Connection(model="m", key_variable="MY_KEY").access().key == "sk-longenough"


def test_secrets_are_not_printed_and_struck_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-longenough")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://somebody:s%2Fcret-word@127.0.0.1:1/v1")
    access = Connection(model="m").access()
    assert access.url == "http://127.0.0.1:1/v1"
    assert access.login == ("somebody", "s/cret-word")
    assert repr(access) == "Access(url='http://127.0.0.1:1/v1')"
    basic = base64.b64encode(b"somebody:s/cret-word").decode()
    said = f"key sk-longenough, Basic {basic}, somebody, s/cret-word, s%2Fcret-word."
    assert access.redact(said) == "key ***, Basic ***, ***, ***, ***."


@pytest.mark.parametrize("url", ["ftp://h/v1", "h/v1", "http://h:port/v1", "http:///v1"])
def test_what_is_no_address_is_refused_without_repeating_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValidationError, match="base_url is no address"):
        Connection(model="m", base_url=url)
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    with pytest.raises(InputError, match=r"^OPENAI_BASE_URL is no address; expected") as caught:
        Connection(model="m").access()
    assert url not in str(caught.value)


@pytest.mark.parametrize("url", ["https://u:p@h/v1", "https://u@h/v1", "https://h/v1?key=p"])
def test_a_plan_holds_no_credentials(url: str) -> None:
    with pytest.raises(ValidationError, match=r"credentials do not belong|is no address"):
        Connection(model="m", base_url=url)
