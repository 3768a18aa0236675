"""Strikes secrets out of texts, in every form in which a server is likely to repeat them."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator

SHORTEST_SECRET = 6
"""Characters. A shorter secret may be a word of the language, so it cannot be struck out of texts."""

STRUCK_OUT = "***"

ESCAPES = re.compile(r"%[0-9A-Fa-f]{2}|\\[ux/\\]|&#")
"""Beginnings of escaped characters."""

URL_SAFE = str.maketrans("-_", "+/")
"""From the alphabet of base64 for URLs to the usual one."""


def redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    """A function that strikes ``secrets`` out of a text: as they are, escaped, in base64 and hexadecimal.

    Secrets that are too short for it are left alone.
    """
    chosen = sorted({secret for secret in secrets if len(secret) >= SHORTEST_SECRET}, key=len, reverse=True)
    if not chosen:
        return lambda text: text
    encoded = [form for secret in chosen for form in _encoded(secret)]
    patterns = ["".join(map(_escaped, secret)) for secret in chosen]
    patterns += [
        re.escape(form).replace(r"\+", "[+-]").replace("/", "[/_]") + "[\\w+/-]?=*" for form in encoded
    ]
    pattern = re.compile("|".join(patterns), re.IGNORECASE)
    signs = [form.lower().translate(URL_SAFE) for form in [*chosen, *encoded]]

    def redact(text: str) -> str:
        plain = text.lower().translate(URL_SAFE)
        if ESCAPES.search(text) or any(sign in plain for sign in signs):  # the pattern takes 50 times as long
            return pattern.sub(STRUCK_OUT, text)
        return text

    return redact


def _encoded(secret: str) -> Iterator[str]:
    """The secret in hexadecimal, and as it looks in the base64 of a longer text, from any byte on."""
    content = secret.encode()
    yield content.hex()
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + content).decode()
        yield text[-(-8 * shift // 6) : 8 * (shift + len(content)) // 6]  # without bits of its neighbours


def _escaped(character: str) -> str:
    """A pattern for a character as it is or as URLs, JSON and HTML escape it."""
    code = ord(character)
    url = "".join(f"%{byte:02x}" for byte in character.encode())
    json = rf"\\{{1,8}}u{code:04x}|\\{{1,8}}x{code:02x}"  # JSON inside of JSON doubles each backslash
    html = rf"&#0{{0,8}}{code};|&#x0{{0,8}}{code:x};"
    return rf"(?:\\{{0,8}}{re.escape(character)}|{url}|{json}|{html})"
