"""Every link of every kind of page, followed: no dead one, no 500, valid HTML, nothing of the data taken for markup."""

from __future__ import annotations

import re
from collections import Counter, deque
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import html5lib
import pytest

from harness import Browser, Page
from harness.garden import GARDENS
from harness.instance import ADMIN

OF_A_KIND = 3
"""So many pages of one kind are opened: the same template with other data finds other things, but not for ever."""

MOST = 1200


def kind_of(address: str) -> str:
    """The address without what differs between pages of one kind: repositories, revisions, paths, values."""
    parts = urlsplit(address)
    path = unquote(parts.path)
    for name in (*GARDENS.values(), *(f"{name}-{kind}" for name in ("empty", "single") for kind in ("git", "hg"))):
        if path == f"/{name}" or path.startswith(f"/{name}/"):
            path = f"/R-{name.replace('/', '_')}" + path[len(name) + 1 :]
            break
    path = re.sub(r"\b[0-9a-f]{12,40}\b", "H", path)
    path = re.sub(r"^(/R-[^/]+/[\w-]+/[^/]+)/.+(\.\w+)?$", r"\1/*\2", path)
    names = sorted({pair.split("=")[0] for pair in parts.query.split("&") if pair})
    return f"{path}?{'&'.join(names)}"


def addresses(page: Page) -> list[str]:
    """Where a page leads within the site, fragments kept."""
    found = []
    for tag, attribute in (("a", "href"), ("link", "href"), ("img", "src"), ("object", "data"), ("script", "src")):
        for element in page.html.find_all(tag, {attribute: True}):
            if element.find_parent("details", class_="picker"):
                # The same path at another revision: whether it is there, nobody asks before somebody goes.
                continue
            found.append(urljoin(page.url, element[attribute]))
    return found


def walk(browser: Browser, start: list[str]) -> tuple[dict[str, Page], list[str]]:
    """All pages within reach, by address, and what is wrong with the ways to them."""
    origin = browser.base
    waiting = deque((origin + path, "the beginning") for path in start)
    seen: dict[str, Page] = {}
    wrong: list[str] = []
    kinds: Counter[str] = Counter()
    queued = {address for address, _ in waiting}
    while waiting and len(seen) < MOST:
        address, source = waiting.popleft()
        page = browser.get(address[len(origin) :], follow=True, stream=False)
        seen[address] = page
        if page.status >= 400:
            wrong.append(f"{page.status} {address} from {source}")
            continue
        if page.html is None:
            continue
        for found in addresses(page):
            target, fragment = urldefrag(found)
            if not target.startswith(origin + "/") or "/_admin/logout" in target:
                continue
            if fragment and target == urldefrag(page.url)[0] and not has_anchor(page, fragment):
                wrong.append(f"{address} leads to #{fragment}, which it does not have")
            if target in queued:
                continue
            kind = kind_of(target[len(origin) :])
            if kinds[kind] < OF_A_KIND:
                kinds[kind] += 1
                queued.add(target)
                waiting.append((target, address))
    return seen, wrong


def has_anchor(page: Page, fragment: str) -> bool:
    name = unquote(fragment)
    # Ranges of lines and files of a script-made view are found by the script.
    if re.fullmatch(r"L\d+(-L?\d+)?", name):
        name = name.split("-")[0]
    return bool(page.html.find(id=name) or page.html.find(attrs={"name": name}))


@pytest.fixture(scope="module")
def seen_by_admin(admin: Browser) -> tuple[dict[str, Page], list[str]]:
    return walk(admin, ["/"])


def test_no_link_is_dead(seen_by_admin) -> None:
    seen, wrong = seen_by_admin
    assert len(seen) > 100, "the walk got nowhere"
    assert not wrong, "\n".join(wrong)


def test_no_link_of_a_visitor_is_dead(visitor: Browser) -> None:
    seen, wrong = walk(visitor, ["/"])
    assert len(seen) > 60, "the walk got nowhere"
    assert not wrong, "\n".join(wrong)


def test_every_page_is_valid_html(seen_by_admin) -> None:
    seen, _ = seen_by_admin
    wrong = []
    for address, page in seen.items():
        if page.html is None:
            continue
        parser = html5lib.HTMLParser(strict=False)
        parser.parse(page.response.text)
        for (line, column), code, data in parser.errors[:2]:
            text = page.response.text.splitlines()[line - 1] if line else ""
            wrong.append(f"{address}:{line}:{column} {code} {data}: {text[max(0, column - 60) : column + 30]!r}")
        ids = Counter(element["id"] for element in page.html.find_all(id=True))
        wrong += [f"{address} has the id {each!r} {count} times" for each, count in ids.items() if count > 1]
        for label in page.html.find_all("label", {"for": True}):
            if label["for"] not in ids:
                wrong.append(f"{address} has a label for {label['for']!r}, which is not there")
    assert not wrong, "\n".join(wrong)


def test_no_data_became_markup(seen_by_admin) -> None:
    seen, _ = seen_by_admin
    for address, page in seen.items():
        if page.html is None:
            continue
        for script in page.html.find_all("script"):
            assert script.get("src") or script.get("type") == "application/json", f"{address}: {script}"
        for element in page.html.find_all(True):
            events = [name for name in element.attrs if name == "style" or name.startswith("on")]
            assert not events, f"{address}: {element}"
        assert page.html.find("plants") is None, address


def test_every_kind_of_page_was_seen(seen_by_admin) -> None:
    """The walk is worth what it has seen: the pages of both systems, by their first word."""
    seen, _ = seen_by_admin
    for garden in GARDENS.values():
        words = {
            urlsplit(address).path[len(garden) + 2 :].split("/")[0]
            for address in seen
            if urlsplit(address).path.startswith(f"/{garden}/")
        }
        # Archives and statistics are off in a new repository.
        expected = {
            "annotate", "changelog", "changeset", "changeset-diff", "changeset-patch", "compare", "diff", "edit", "files",
            "fork", "forks", "raw", "rawfile", "settings", "feed", "followers",
        }  # fmt: skip
        assert expected <= words, f"{garden}: no link leads to {sorted(expected - words)}"


def test_empty_repositories_have_every_page(admin: Browser, visitor: Browser) -> None:
    """Every address below an empty repository answers, and none with a 500."""
    for kind in ("git", "hg"):
        for rest in (
            "", "/changelog", "/changeset/tip", "/files/tip/", "/raw/tip/a", "/annotate/tip/a", "/history/tip/a", "/authors/tip/a",
            "/nodelist/tip/", "/archive/tip.zip", "/compare", "/statistics", "/feed/rss", "/feed/atom", "/forks", "/followers", "/fork",
            "/add/tip/", "/edit/tip/a", "/delete/tip/a", "/diff/a?diff1=tip&diff2=tip", "/diff-2way/a?diff1=tip&diff2=tip", "/refs-data",
            "/settings", "/changeset-diff/tip", "/changeset-patch/tip", "/changeset-download/tip", "/changelog/tip/a",
            "/compare/branch@a...branch@b", "/changeset/a...b",
        ):  # fmt: skip
            for browser in (admin, visitor):
                page = browser.get(f"/empty-{kind}{rest}")
                assert page.status in (200, 302, 400, 403, 404), f"{kind}{rest}: {page}"


def test_bad_questions_get_an_answer(admin: Browser) -> None:
    for garden in GARDENS.values():
        for rest in (
            "/changelog?page=-1", "/changelog?page=99999999999999999999", "/changelog?size=999999", "/changelog?size=x&branch=%00",
            "/changelog?branch=nonsense", "/changeset/nonsense", "/changeset/..", "/changeset/a...b...c", "/files/nonsense/", "/files/tip/src/beds.py/below",
            "/files/tip/../../etc/passwd", "/files/tip/%00", "/raw/tip/src", "/rawfile/tip/nothing", "/annotate/tip/src", "/annotate/tip/src/seed.bin",
            "/diff/src/beds.py", "/diff/src/beds.py?diff1=x&diff2=y", "/diff/src/beds.py?diff1=tip&diff2=tip&context=-5", "/diff/x?diff1=tip&diff2=tip&diff=raw",
            "/compare/branch@nonsense...branch@nothing", "/compare/rev@0...rev@tip?other_repo=nothing", "/archive/nonsense.zip", "/archive/tip.exe",
            "/changeset/tip?context=999999999999&ignorews=maybe", "/changeset/tip?fulldiff=%ff", "/statistics?x=%ff", "/nodelist/tip/nothing",
        ):  # fmt: skip
            page = admin.get(f"/{garden}{rest}")
            assert page.status < 500, f"{garden}{rest}: {page}"


def test_pages_are_not_heavy(seen_by_admin) -> None:
    """What a page costs apart from its content: the empty frame with styles and scripts, compressed."""
    import gzip

    seen, _ = seen_by_admin
    page = next(page for address, page in seen.items() if urlsplit(address).path == "/about")
    static = {urljoin(page.url, element["href"]) for element in page.html.find_all("link", rel="stylesheet")}
    static |= {address for address in seen if "/js/" in address}
    whole = len(gzip.compress(page.response.content)) + sum(
        len(gzip.compress(seen[address].response.content)) for address in static if address in seen
    )
    assert ADMIN.name in page.response.text
    assert whole <= 60 * 1024, whole
