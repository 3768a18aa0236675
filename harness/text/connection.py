"""An OpenAI-compatible server: where it is, its key, and what of both must never be seen."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from pydantic import Field, field_validator

from harness.errors import InputError
from harness.schema import StrictModel

PUBLIC_URL = "https://api.openai.com/v1"

URL_VARIABLE = "OPENAI_BASE_URL"

LOOPBACK = ("localhost", "127.0.0.1", "::1")

SHORTEST_SECRET = 6
"""Shorter secrets are words of the language, and cannot be struck out of texts."""


class Connection(StrictModel):
    """A model behind a server that speaks OpenAI's protocol (the extra [llm])."""

    model: str = Field(min_length=1)
    base_url: str | None = Field(
        None, description=f"the server; where absent the variable {URL_VARIABLE}, else OpenAI"
    )
    key_variable: str = Field("OPENAI_API_KEY", description="environment variable that holds the key")
    timeout_s: float = Field(60.0, gt=0, description="for a whole answer")
    tries: int = Field(6, ge=1, description="of one request, before it counts as failed")

    @field_validator("base_url")
    @classmethod
    def _without_credentials(cls, value: str | None) -> str | None:
        if value is not None:
            _split(value, "base_url")
            if "@" in value or "?" in value:
                raise ValueError(
                    f"credentials do not belong into a plan; set the variable {URL_VARIABLE} instead"
                )
        return value

    def access(self) -> Access:
        """Where to ask and with which key, from the plan and the environment.

        Raises:
            InputError: No key is set for a server elsewhere, or the variable holds no address.
        """
        given = self.base_url or os.environ.get(URL_VARIABLE) or PUBLIC_URL
        place, user, password = _split(given, URL_VARIABLE)
        key = os.environ.get(self.key_variable, "")
        if not key:
            if urlsplit(place).hostname not in LOOPBACK:
                raise InputError(f"the variable {self.key_variable} is not set; expected the key of {place}")
            key = "none"  # a server on this machine asks for no key, the client for any
        return Access(place, key, (user, password) if user or password else None)


@dataclass(frozen=True)
class Access:
    """Everything a client is made of; prints as its address alone.

    Attributes:
        url: The server's address without credentials.
        key: Sent as a bearer token.
        login: User and password of the address, or None.
    """

    url: str
    key: str = field(repr=False)
    login: tuple[str, str] | None = field(default=None, repr=False)

    def redact(self, text: str) -> str:
        """``text`` without any secret, whatever a server may have put into it."""
        for secret in self._secrets():
            text = text.replace(secret, "***")
        return text

    def client(self, timeout_s: float, retries: int = 0) -> Any:
        """An asynchronous client that tries a request again ``retries`` times; close it.

        Raises:
            InputError: openai is not installed.
        """
        openai = load_openai()
        http = openai.DefaultAsyncHttpxClient(auth=self.login) if self.login else None
        return openai.AsyncOpenAI(
            api_key=self.key, base_url=self.url, timeout=timeout_s, max_retries=retries, http_client=http
        )

    def _secrets(self) -> list[str]:
        found = [self.key, *(self.login or ())]
        found += [quote(part, safe="") for part in self.login or ()]
        if self.login:
            found.append(base64.b64encode(":".join(self.login).encode()).decode())
        return sorted((each for each in found if len(each) >= SHORTEST_SECRET), key=len, reverse=True)


def load_openai() -> Any:
    """The openai package.

    Raises:
        InputError: It is not installed.
    """
    try:
        import openai
    except ImportError:
        raise InputError("openai is not installed; install the extra [llm]") from None
    return openai


def _split(url: str, name: str) -> tuple[str, str, str]:
    """An address without credentials, and its user and password; says nothing of what it was given."""
    wrong = f"{name} is no address; expected http(s)://HOST[:PORT]/PATH"
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise InputError(wrong) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise InputError(wrong)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = f"{parts.scheme}://{host}{port}{parts.path}"
    return place, unquote(parts.username or ""), unquote(parts.password or "")
