"""Figures inside the page: SVG that is made smaller, as an address that holds the figure itself."""

from __future__ import annotations

import re
from urllib.parse import quote

_DECIMALS = re.compile(r"(\d+\.\d)\d+")
_COORDINATES = re.compile(r' (?:d|x|y|points)="[^"]*"')
_HEAD = re.compile(r"<\?xml.*?(?=<svg )|<metadata>.*?</metadata>|<!--.*?-->", re.DOTALL)
_FONTS = re.compile(r"'DejaVu Sans'[^;\"]*sans-serif")
_UNUSED_IDS = re.compile(r'<g id="[^"]*"')
_BETWEEN_TAGS = re.compile(r">\s+<")
_IN_PATHS = re.compile(r"\s*\n\s*")
_PATH = re.compile(r' d="([^"]*)"')
_BLANKS = re.compile(r" ?([A-Za-z]) ?")
_NO_TURN = re.compile(r' transform="rotate\(-?0 [^"]*"')
_STYLE = re.compile(r'style="([^"]*)"')
_TWO_QUOTES = re.compile(r'="([^"]*)"')
_BETWEEN = re.compile(r">[^<]+<")
_ID = re.compile(r' id="(\w+)"')
_REFERENCE = re.compile(r'( id="|"#|url\(#)(\w+)')
_GROUP = re.compile(r"<g(?: [^>]*)?>|</g>")

READABLE = " =:/;,()[]{}|!*+$'@?~^`\\"
"""Characters that stand for themselves in an address that holds SVG."""


def address(svg: str) -> str:
    """Return an address that holds a figure, for the ``src`` of an image.

    Coordinates get one decimal, equal styles stand once, and ids are short. What shows nothing is left out:
    names of groups, blanks, comments.
    """
    svg = _BETWEEN.sub(lambda text: text[0].replace('"', "&quot;"), svg)  # a name may look like an attribute
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
    short = _PATH.sub(_without_blanks, short)
    small = _with_short_ids(_without_plain_groups(_styled_once(short)))
    return f"data:image/svg+xml,{quote(_TWO_QUOTES.sub(_one_quote, small), safe=READABLE)}"


def _without_blanks(path: re.Match[str]) -> str:
    """Write a path without the blanks around its commands."""
    commands = _BLANKS.sub(r"\1", path[1])
    return f' d="{commands}"'


def _one_quote(attribute: re.Match[str]) -> str:
    """Put the value of an attribute between single quotation marks, which need no encoding."""
    return f"={chr(39)}{attribute[1].replace(chr(39), '&#39;')}{chr(39)}"


def _with_short_ids(svg: str) -> str:
    """Number the parts that others refer to; matplotlib gives them long names."""
    short = {name: f"i{number}" for number, name in enumerate(dict.fromkeys(_ID.findall(svg)))}
    return _REFERENCE.sub(lambda match: f"{match[1]}{short.get(match[2], match[2])}", svg)


def _without_plain_groups(svg: str) -> str:
    """Leave out groups that say nothing of what they hold."""
    is_kept: list[bool] = []

    def keep(match: re.Match[str]) -> str:
        tag = match[0]
        if tag.endswith("/>"):
            return "" if tag == "<g/>" else tag
        if tag.startswith("<g"):
            is_kept.append(tag != "<g>")
            return tag if is_kept[-1] else ""
        return tag if is_kept.pop() else ""

    return _GROUP.sub(keep, svg)


def _styled_once(svg: str) -> str:
    """Replace the styles of all elements by classes of one style sheet."""
    classes: dict[str, str] = {}
    svg = _STYLE.sub(lambda match: f'class="{classes.setdefault(match[1], f"c{len(classes)}")}"', svg)
    rules = "".join(f".{name}{{{style}}}" for style, name in classes.items())
    return re.sub(r"<svg [^>]*>", lambda match: f"{match[0]}<style>{rules}</style>", svg, count=1)
