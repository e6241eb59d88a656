"""reStructuredText to HTML, by docutils.

The text is a stranger's. Nothing is read beside it: no file and no address is included, no configuration of docutils, no style
sheet. What comes out is cleaned by the caller; here is only seen to it that it comes in time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from docutils import nodes, utils
from docutils.core import publish_parts
from docutils.parsers.rst import Parser
from docutils.parsers.rst.states import Inliner
from docutils.readers import standalone
from docutils.writers import html4css1

SECONDS = 2.0
"""How long one text may take."""

MOST_CORNERS = 2_000
"""A drawn table takes time that grows with the square of its corners and faster, and nothing can look at the watch within."""

SETTINGS: dict[str, Any] = {
    "_disable_config": True,
    "doctitle_xform": True,
    "embed_stylesheet": False,
    "file_insertion_enabled": False,
    "halt_level": 5,
    "initial_header_level": "2",
    "input_encoding": "unicode",
    "math_output": "LaTeX",
    "output_encoding": "unicode",
    "raw_enabled": False,
    "report_level": 5,
    "sectsubtitle_xform": False,
    "smart_quotes": False,
    "strip_comments": True,
    "stylesheet_path": None,
    "syntax_highlight": "none",
    "traceback": True,
    "warning_stream": False,
}

WARNING = 2
"""The level of a message from which on a text was probably not written as reStructuredText."""

Highlight = Callable[[str, str], str]
"""Language and code to HTML."""


class TooSlow(BaseException):
    """The time is over. No `Exception`, so that nobody who swallows those swallows this."""


class Watch:
    """Ends the work when its time is over. Whatever docutils does over and over looks at it: lines, inline markup, nodes, messages."""

    def __init__(self, seconds: float):
        self._end = time.monotonic() + seconds

    def look(self) -> None:
        if time.monotonic() > self._end:
            raise TooSlow


class Substitutions(dict[str, Any]):
    """What stands for what, under a watch: thirty lines that use each other four times stand for more text than there is room for."""

    def __init__(self, watch: Watch):
        super().__init__()
        self._watch = watch

    def __getitem__(self, name: str) -> Any:
        self._watch.look()
        return super().__getitem__(name)


class Reader(standalone.Reader):
    """Reads a document under a watch, and notes the worst that docutils has to say about it."""

    def __init__(self, watch: Watch):
        super().__init__()
        self._watch = watch
        self.worst = 0

    def new_document(self) -> nodes.document:
        document = utils.new_document(self.source.source_path or "", self.settings)
        document.reporter.attach_observer(self._note)
        told = document.note_source

        def note_source(source: str, offset: int) -> None:
            self._watch.look()
            told(source, offset)

        document.note_source = note_source
        document.substitution_defs = Substitutions(self._watch)
        return document

    def _note(self, message: nodes.system_message) -> None:
        self._watch.look()
        self.worst = max(self.worst, message["level"])


def watched_inliner(watch: Watch) -> Inliner:
    """What reads inline markup, under a watch: a paragraph can hold a hundred thousand pieces of it."""

    def watched(method: Callable[..., Any]) -> Callable[..., Any]:
        def look_first(*arguments: Any) -> Any:
            watch.look()
            return method(*arguments)

        return look_first

    # No class of its own, because an Inliner looks its patterns up in the very class that it is of.
    inliner = Inliner()
    inliner.dispatch = {start: watched(method) for start, method in Inliner.dispatch.items()}
    return inliner


class Writer(html4css1.Writer):
    """HTML with today's elements in place of yesterday's, and code coloured as in every other file."""

    def __init__(self, watch: Watch, highlight: Highlight):
        super().__init__()

        class Bound(Translator):
            pass

        Bound.watch = watch
        Bound.highlight = staticmethod(highlight)
        self.translator_class = Bound


class Translator(html4css1.HTMLTranslator):
    """See `Writer`."""

    watch: Watch
    highlight: Highlight

    def dispatch_visit(self, node: nodes.Node) -> Any:
        self.watch.look()
        return super().dispatch_visit(node)

    def visit_literal(self, node: nodes.Element) -> None:
        self.body.append(self.starttag(node, "code", "", CLASS="literal"))

    def depart_literal(self, node: nodes.Element) -> None:
        self.body.append("</code>")

    def visit_literal_block(self, node: nodes.Element) -> None:
        classes = node.get("classes", [])
        if "code" in classes:
            language = next((name for name in classes if name != "code"), "")
            self.body.append('<pre class="code-highlight"><code>')
            self.body.append(type(self).highlight(language, node.astext()))
            self.body.append("</code></pre>\n")
            raise nodes.SkipNode
        super().visit_literal_block(node)


def render(text: str, strict: bool, highlight: Highlight) -> str | None:
    """A text as HTML; None when that takes too long or fails, and when `strict` also when docutils finds fault with it."""
    if text.count("+-") + text.count("+=") > MOST_CORNERS:
        return None
    watch = Watch(SECONDS)
    reader = Reader(watch)
    try:
        parts = publish_parts(
            text,
            reader=reader,
            parser=Parser(inliner=watched_inliner(watch)),
            writer=Writer(watch, highlight),
            settings_overrides=SETTINGS,
        )
    except (TooSlow, Exception):  # a text that docutils cannot take is shown as it is, whatever it stumbled over
        return None
    if strict and reader.worst >= WARNING:
        return None
    # Where a line is too long for docutils, nothing is left but a message that is not shown.
    return (parts["body_pre_docinfo"] + parts["docinfo"] + parts["fragment"]).strip() or None
