"""Every link of every kind of page, followed: no dead one, no 500, valid HTML, nothing of the data taken for markup."""

from __future__ import annotations

import gzip
import re
from urllib.parse import unquote, urljoin, urlsplit

import html5lib
import pytest

from harness import Browser
from harness.garden import GARDENS
from harness.instance import ADMIN
from harness.walk import Walk, walk

REPOSITORIES = {
    **{name: f"garden-{kind}" for kind, name in GARDENS.items()},
    **{f"{name}-{kind}": f"{name}-{kind}" for name in ("empty", "single") for kind in ("git", "hg")},
}


def template_of(address: str) -> str:
    """What makes the page: the first word below a repository, or a path of the site."""
    path = unquote(urlsplit(address).path)
    for name, short in REPOSITORIES.items():
        if path == f"/{name}" or path.startswith(f"/{name}/"):
            return f"{short}/{path[len(name) + 2 :].split('/')[0]}"
    return re.sub(r"\d+", "N", path)


def kinds_of(address: str) -> dict[str, int]:
    """The same template with other data finds other things, but not for ever: so many pages of one template, and fewer with
    the same questions about the same sort of file."""
    template = template_of(address)
    parts = urlsplit(address)
    below = re.sub(r"\b[0-9a-f]{12,40}\b", "H", unquote(parts.path))
    sort_of_file = re.search(r"\.\w+$", below)
    questions = sorted({pair.split("=")[0] for pair in parts.query.split("&") if pair})
    kind = f"{template} {below.count('H')} {sort_of_file and sort_of_file[0]} {questions}"
    return {kind: 2, template: 12 if template.startswith("garden") else 4}


@pytest.fixture(scope="module")
def seen_by_admin(admin: Browser) -> Walk:
    return walk(admin, ["/"], kinds_of)


def test_no_link_is_dead(seen_by_admin: Walk) -> None:
    assert len(seen_by_admin.pages) > 100, "the walk got nowhere"
    assert not seen_by_admin.wrong, "\n".join(seen_by_admin.wrong)


def test_no_link_of_a_visitor_is_dead(visitor: Browser) -> None:
    seen = walk(visitor, ["/"], lambda address: {template_of(address): 2})
    assert len(seen.pages) > 60, "the walk got nowhere"
    assert not seen.wrong, "\n".join(seen.wrong)


def test_every_kind_of_page_is_valid_html(seen_by_admin: Walk) -> None:
    """By the rules of the standard's own parser, which takes a third of a second for a page: one page of each template."""
    first = {(template_of(stop.address), stop.address.endswith((".py", ".md"))): stop for stop in reversed(seen_by_admin.pages)}
    wrong = []
    for stop in first.values():
        parser = html5lib.HTMLParser(strict=False)
        parser.parse(stop.response.text)
        for (line, column), code, data in parser.errors[:2]:
            text = stop.response.text.splitlines()[line - 1] if line else ""
            wrong.append(f"{stop.address}:{line}:{column} {code} {data}: {text[max(0, column - 60) : column + 30]!r}")
    assert not wrong, "\n".join(wrong)


def test_ids_are_unique_and_labels_have_fields(seen_by_admin: Walk) -> None:
    wrong = []
    for stop in seen_by_admin.pages:
        ids = stop.markup.ids
        wrong += [f"{stop.address} has the id {each!r} {count} times" for each, count in ids.items() if count > 1]
        wrong += [f"{stop.address} has a label for {each!r}, which is not there" for each in stop.markup.labels if each not in ids]
    assert not wrong, "\n".join(wrong)


def test_no_data_became_markup(seen_by_admin: Walk) -> None:
    for stop in seen_by_admin.pages:
        assert not stop.markup.active, f"{stop.address}: {stop.markup.active[:3]}"
        assert not stop.markup.elements["plants"], stop.address


def test_every_kind_of_page_was_seen(seen_by_admin: Walk) -> None:
    """The walk is worth what it has seen: the pages of both systems, by their first word."""
    expected = {
        "annotate", "archive", "changelog", "changeset", "changeset-diff", "changeset-patch", "compare", "diff", "edit", "feed",
        "files", "followers", "fork", "forks", "raw", "rawfile", "settings", "statistics",
    }  # fmt: skip
    for garden in GARDENS.values():
        below = [urlsplit(address).path for address in seen_by_admin.stops]
        words = {path[len(garden) + 2 :].split("/")[0] for path in below if path.startswith(f"/{garden}/")}
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


def test_pages_are_not_heavy(seen_by_admin: Walk) -> None:
    """What a page costs apart from its content: the empty frame with styles and scripts, compressed."""
    page = next(stop for address, stop in seen_by_admin.stops.items() if urlsplit(address).path == "/about")
    static = {urljoin(page.address, lead) for lead in page.markup.leads if "/css/" in lead}
    static |= {address for address in seen_by_admin.stops if "/js/" in address}
    assert len(static) > 3, static
    whole = sum(len(gzip.compress(seen_by_admin.stops[address].response.content)) for address in {*static, page.address})
    assert ADMIN.name in page.response.text
    assert whole <= 60 * 1024, whole
