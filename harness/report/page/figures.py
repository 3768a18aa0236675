"""Figures inside the page: SVG that is made smaller, as an address that holds the figure itself."""

from __future__ import annotations

import base64
import re

_DECIMALS = re.compile(r"(\d+\.\d)\d+")
_COORDINATES = re.compile(r' (?:d|x|y|points)="[^"]*"')
_HEAD = re.compile(r"<\?xml.*?(?=<svg )|<metadata>.*?</metadata>|<!--.*?-->", re.DOTALL)
_FONTS = re.compile(r"'DejaVu Sans'[^;\"]*sans-serif")
_UNUSED_IDS = re.compile(r'<g id="[^"]*"')
_BETWEEN_TAGS = re.compile(r">\s+<")
_IN_PATHS = re.compile(r"\s*\n\s*")
_NO_TURN = re.compile(r' transform="rotate\(-?0 [^"]*"')
_STYLE = re.compile(r'style="([^"]*)"')


def address(svg: str) -> str:
    """Return an address that holds a figure, for the ``src`` of an image.

    Coordinates get one decimal, equal styles stand once, and what shows nothing is left out: names of groups,
    blanks, comments.
    """
    for pattern, instead in (
        (_HEAD, ""),
        (_FONTS, "sans-serif"),
        (_UNUSED_IDS, "<g"),
        (_NO_TURN, ""),
        (_BETWEEN_TAGS, "><"),
        (_IN_PATHS, " "),
    ):
        svg = pattern.sub(instead, svg)
    short = _COORDINATES.sub(lambda match: _DECIMALS.sub(r"\1", match[0]), svg)
    return f"data:image/svg+xml;base64,{base64.b64encode(_styled_once(short).encode()).decode()}"


def _styled_once(svg: str) -> str:
    """Replace the styles of all elements by classes of one style sheet."""
    classes: dict[str, str] = {}
    svg = _STYLE.sub(lambda match: f'class="{classes.setdefault(match[1], f"c{len(classes)}")}"', svg)
    rules = "".join(f".{name}{{{style}}}" for style, name in classes.items())
    return re.sub(r"<svg [^>]*>", lambda match: f"{match[0]}<style>{rules}</style>", svg, count=1)
