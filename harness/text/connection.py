"""What a plan says of a server that speaks OpenAI's protocol, and how the server is reached."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote, urlsplit

from pydantic import Field, field_validator

from harness.errors import InputError
from harness.schema import StrictModel
from harness.text.secrets import redactor

PUBLIC_URL = "https://api.openai.com/v1"

URL_VARIABLE = "OPENAI_BASE_URL"

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Connection(StrictModel):
    """The keys of a plan that every model behind a server has (extra [llm])."""

    model: str = Field(min_length=1, description="name of the model")
    base_url: str | None = Field(
        None,
        description=f"address of the server; if absent, the variable {URL_VARIABLE} or OpenAI's own address",
    )
    key_variable: str = Field(
        "OPENAI_API_KEY", description="name of the environment variable that holds the key"
    )
    timeout_s: float = Field(60.0, gt=0, description="seconds that a whole answer may take")
    tries: int = Field(6, ge=1, description="tries of one request before it counts as failed")

    @field_validator("base_url")
    @classmethod
    def _without_credentials(cls, value: str | None) -> str | None:
        if value is not None:
            _split(value, "base_url")
            if "@" in value or "?" in value:
                raise ValueError(
                    f"credentials do not belong into a plan; set the variable {URL_VARIABLE} to this address "
                    "instead"
                )
        return value

    def access(self) -> Access:
        """The address and the key, from the plan and the environment.

        Raises:
            InputError: The server is not on this machine and has no key, or an address or key is not valid.
        """
        url, user, password = _split(
            self.base_url or os.environ.get(URL_VARIABLE) or PUBLIC_URL, URL_VARIABLE
        )
        key = os.environ.get(self.key_variable, "").strip()
        if not key and urlsplit(url).hostname not in LOOPBACK:
            raise InputError(f"the variable {self.key_variable} is not set; expected the key of {url}")
        if not key.isascii() or not key.isprintable():
            raise InputError(
                f"the variable {self.key_variable} holds a character that no key has; expected the key of "
                f"{url}"
            )
        return Access(url, key or "none", (user, password) if user or password else None, self.key_variable)


@dataclass(frozen=True)
class Access:
    """The address of a server and what it asks for. Printed, it shows the address alone.

    Attributes:
        url: The address without credentials.
        key: The key; ``none`` for a server that needs none.
        login: User and password from the address, or None. They are sent in place of the key.
        key_variable: The environment variable that holds the key.
    """

    url: str
    key: str = field(repr=False)
    login: tuple[str, str] | None = field(default=None, repr=False)
    key_variable: str = field(default="OPENAI_API_KEY", repr=False)

    @property
    def authorization(self) -> str:
        """The header that carries the login or the key."""
        if self.login:
            return f"Basic {base64.b64encode(':'.join(self.login).encode()).decode()}"
        return f"Bearer {self.key}"

    def redact(self, text: str) -> str:
        """``text`` with every secret struck out, also those that are escaped or in base64."""
        return self._redact(text)

    @cached_property
    def _redact(self) -> Callable[[str], str]:
        login = (":".join(self.login), *self.login) if self.login else ()
        return redactor([self.key, *login])


def _split(url: str, name: str) -> tuple[str, str, str]:
    """An address without credentials, its user and its password.

    Raises:
        InputError: It is no address. The message does not repeat it, since it may hold a password.
    """
    problem = f"{name} is no address; expected http(s)://HOST[:PORT]/PATH"
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise InputError(problem) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise InputError(problem)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    address = f"{parts.scheme}://{host}{port}{parts.path}"
    return address, unquote(parts.username or ""), unquote(parts.password or "")
