"""The Markdown of the report's sections as HTML that holds no markup of the data."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup


def to_html(text: str, figures: Mapping[str, str] | None = None, caption: str = "") -> Markup:
    """Render the Markdown of a section.

    HTML, links and references in it are text, as in our own files they come from the data alone. Headings get
    an ``id``, and tables a frame that can be scrolled.

    Args:
        text: The Markdown.
        figures: Addresses of figures, by the names of their files without the ending. An image that is none
            of them becomes its alternative text.
        caption: What a table is about, for readers who hear it.
    """
    environment = {"figures": figures or {}, "caption": caption}
    tokens = _parser().parse(text, environment)
    _prepare(tokens)
    return Markup(_parser().renderer.render(tokens, _parser().options, environment))


def slug(heading: str) -> str:
    """The ``id`` of a heading."""
    return re.sub(r"[^\w]+", "-", heading.lower()).strip("-") or "section"


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.disable(["reference", "link", "autolink", "html_block", "html_inline"])
    parser.add_render_rule("image", _image)
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("table_open", _table_open)
    parser.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return parser


def _prepare(tokens: Sequence[Token]) -> None:
    """Name headings, turn alignment into classes, and make the first cell of each row its heading."""
    in_body, is_first = False, False
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", slug(tokens[place + 1].content))
        elif token.type in ("tbody_open", "tbody_close"):
            in_body = token.type == "tbody_open"
        elif token.type == "tr_open":
            is_first = True
        elif token.type in ("td_open", "th_open"):
            if "right" in str(token.attrs.pop("style", "")):
                token.attrSet("class", "number")
            if token.type == "th_open":
                token.attrSet("scope", "col")
            elif in_body and is_first:
                token.tag = "th"
                token.attrSet("scope", "row")
        elif token.type == "td_close" and in_body and is_first:
            token.tag, is_first = "th", False


def _table_open(renderer: Any, tokens: Sequence[Token], at: int, options: Any, environment: Any) -> str:
    label = html.escape(environment["caption"] or "Table")
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{label}"><table>\n'


def _fence(renderer: Any, tokens: Sequence[Token], at: int, options: Any, environment: Any) -> str:
    """A block of code that can be scrolled with the keyboard too."""
    return f'<pre tabindex="0"><code>{html.escape(tokens[at].content)}</code></pre>\n'


def _image(renderer: Any, tokens: Sequence[Token], at: int, options: Any, environment: Any) -> str:
    token = tokens[at]
    name = unquote(str(token.attrs["src"])).removesuffix(".png")
    described = html.escape(f"{token.content}: {name}")
    address = environment["figures"].get(name)
    if address is None:
        return f"<em>{described} is in a file of this name beside this page.</em>"
    return f'<img alt="{described}" src="{html.escape(address, quote=False)}" loading="lazy">'
