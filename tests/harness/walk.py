"""Everything within reach of a page, link by link: fast enough to be done over hundreds of pages.

A page is read once, by Python's own tokenizer, for what the walk needs: where it leads, which ids it has, and what must not
stand on it. A whole tree of every page would cost ten times what serving it costs.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag, urljoin

import requests

from harness.browser import Browser

LEADS = {"a": "href", "link": "href", "img": "src", "object": "data", "script": "src"}


class Markup(HTMLParser):
    """What a page holds, in the order of its text."""

    def __init__(self, text: str):
        super().__init__()
        self.leads: list[str] = []
        """Where it leads, but for the pickers of revisions: whether a path is there at another one, nobody asks before
        somebody goes."""
        self.ids: Counter[str] = Counter()
        self.names: set[str] = set()
        self.labels: list[str] = []
        self.elements: Counter[str] = Counter()
        self.active: list[str] = []
        """Tags that bring script or style of their own, which no page of ours may have."""
        self._open: list[bool] = []
        self.feed(text)
        self.close()

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        # In HTML the slash means nothing; in SVG it closes. Only the depth of `details` is counted, so both are right.
        self.handle_starttag(tag, attributes)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attributes}
        self.elements[tag] += 1
        if tag == "details":
            self._open.append("picker" in of.get("class", "").split())
        if "id" in of:
            self.ids[of["id"]] += 1
        if tag == "a" and "name" in of:
            self.names.add(of["name"])
        if tag == "label" and "for" in of:
            self.labels.append(of["for"])
        if any(name == "style" or name.startswith("on") for name in of):
            self.active.append(self.get_starttag_text() or tag)
        if tag == "style" or (tag == "script" and "src" not in of and of.get("type") not in ("application/json", "text/plain")):
            self.active.append(self.get_starttag_text() or tag)
        lead = of.get(LEADS.get(tag, ""))
        if lead is not None and not any(self._open):
            self.leads.append(lead)

    def handle_endtag(self, tag: str) -> None:
        if tag == "details" and self._open:
            self._open.pop()

    def has_anchor(self, fragment: str) -> bool:
        name = unquote(fragment)
        # Ranges of lines are found by the script, at their first line.
        if re.fullmatch(r"L\d+-L?\d+", name):
            name = name.split("-")[0]
        return name in self.ids or name in self.names


@dataclass
class Stop:
    """One page of a walk."""

    address: str
    response: requests.Response
    markup: Markup | None


@dataclass
class Walk:
    """All that was seen, in order, and what was wrong with the ways."""

    stops: dict[str, Stop] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def pages(self) -> list[Stop]:
        return [stop for stop in self.stops.values() if stop.markup]


def walk(browser: Browser, start: list[str], kinds_of: Callable[[str], dict[str, int]]) -> Walk:
    """Follow every link within the site from `start`.

    `kinds_of` tells for an address below the site of what kinds it is, and how many of each are to be seen.
    """
    origin = browser.base
    waiting = deque((origin + path, "the beginning") for path in start)
    queued = {address for address, _ in waiting}
    counts: Counter[str] = Counter()
    found = Walk()
    while waiting:
        address, source = waiting.popleft()
        response = browser.session.get(address, timeout=60)
        markup = Markup(response.text) if "html" in response.headers.get("Content-Type", "") else None
        found.stops[address] = Stop(address, response, markup)
        if response.status_code >= 400:
            found.wrong.append(f"{response.status_code} {address} from {source}")
            continue
        here = urldefrag(response.url)[0]
        for lead in dict.fromkeys(markup.leads if markup else ()):
            target, fragment = urldefrag(urljoin(response.url, lead))
            if fragment and target == here and not markup.has_anchor(fragment):
                found.wrong.append(f"{address} leads to #{fragment}, which it does not have")
            if target in queued or not target.startswith(origin + "/") or "/_admin/logout" in target:
                continue
            kinds = kinds_of(target[len(origin) :])
            if all(counts[kind] < most for kind, most in kinds.items()):
                counts.update(kinds.keys())
                queued.add(target)
                waiting.append((target, address))
    return found
