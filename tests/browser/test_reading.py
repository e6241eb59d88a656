"""Reading with a keyboard, a phone, other colours, and without script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from harness import Browser, Server
from harness.garden import GARDENS

GARDEN = GARDENS["git"]


@pytest.fixture(params=["git", "hg"])
def garden(request: pytest.FixtureRequest) -> str:
    return GARDENS[request.param]


def test_the_finder_finds_a_file(open_page, garden: str) -> None:
    page = open_page(f"/{garden}/files/tip/")
    page.keyboard.press("t")
    page.keyboard.type("beds.py")
    expect(page.get_by_role("option").or_(page.get_by_role("link", name=re.compile("beds.py"))).first).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/files/[^/]+/src/beds\.py$"))
    expect(page.locator("#L1")).to_be_visible()


def test_y_makes_the_address_permanent(open_page, garden: str) -> None:
    page = open_page(f"/{garden}/files/tip/src/beds.py")
    page.keyboard.press("y")
    page.wait_for_url(re.compile(r"/files/[0-9a-f]{40}/src/beds\.py$"))


def test_lines_are_marked_by_click_and_range(open_page, garden: str) -> None:
    page = open_page(f"/{garden}/files/tip/src/beds.py")
    page.locator("a[href='#L3']").first.click()
    expect(page).to_have_url(re.compile("#L3$"))
    page.locator("a[href='#L6']").first.click(modifiers=["Shift"])
    expect(page).to_have_url(re.compile("#L3-L?6$"))


def test_the_address_can_be_copied(open_page, world: Server) -> None:
    page = open_page(f"/{GARDEN}", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy address").locator("visible=true").first.click()
    assert page.evaluate("navigator.clipboard.readText()").startswith(world.url.replace("://", "://admin@"))


def test_shortcuts_are_told_and_lists_are_walked(open_page, garden: str) -> None:
    page = open_page(f"/{garden}/changelog")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    rows = page.locator("tbody tr")
    for key, row in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
        page.keyboard.press(key)
        expect(rows.nth(row)).to_have_class(re.compile(r"\bcursor\b"))
    chosen = rows.nth(1).locator("a.hash").get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(re.escape(chosen)))


def test_tab_reaches_the_content_first(open_page) -> None:
    page = open_page(f"/{GARDEN}")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_focus_goes_through_the_page_as_it_is_read_and_is_seen(open_page, garden: str) -> None:
    page = open_page(f"/{garden}/files/tip/")
    above, seen = -1, []
    for _ in range(30):
        page.keyboard.press("Tab")
        place = page.evaluate(
            "() => { const e = document.activeElement, s = getComputedStyle(e), box = e.getBoundingClientRect();"
            " const parts = ['HEADER', 'MAIN', 'FOOTER']; let at = e; while (at && !parts.includes(at.tagName) && !at.matches('.subhead')) at = at.parentElement;"
            " return { words: e.outerHTML.slice(0, 120), outline: s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2,"
            " size: Math.min(box.width, box.height), part: at ? (at.matches('.subhead') ? 1 : [0, 2, 3][parts.indexOf(at.tagName)]) : 0 }; }"
        )
        assert place["outline"], f"nobody sees the focus on {place['words']}"
        assert place["size"] > 8, f"the focus is on something hidden: {place['words']}"
        assert place["part"] >= above, f"the focus jumps back to {place['words']}"
        above = place["part"]
        seen.append(place["part"])
    assert {0, 1, 2} <= set(seen), "the focus did not get through the frame into the page"


def test_colours_follow_the_system_and_the_choice(open_page) -> None:
    def background(page) -> str:
        return page.evaluate("getComputedStyle(document.documentElement).backgroundColor")

    light, dark = (open_page("/", color_scheme=scheme) for scheme in ("light", "dark"))
    assert background(light) != background(dark)
    light.get_by_role("button", name=re.compile("dark", re.IGNORECASE)).click()
    assert background(light) == background(dark)
    light.reload()
    assert background(light) == background(dark), "the choice is remembered"


def test_the_filter_narrows_the_home_page(open_page) -> None:
    page = open_page("/")
    page.get_by_role("searchbox").or_(page.get_by_placeholder("Filter")).last.fill("garden-hg")
    expect(page.get_by_role("link", name="garden-hg", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="single-git", exact=True)).to_be_hidden()


def test_diffs_open_side_by_side(open_page, garden: str) -> None:
    page = open_page(f"/{garden}/changelog")
    page.get_by_role("link", name=re.compile("Widen")).first.click()
    expect(page.locator(".code-difftable").first).to_be_visible()
    page.get_by_role("link", name=re.compile("side by side", re.IGNORECASE)).or_(
        page.get_by_role("button", name=re.compile("side by side", re.IGNORECASE))
    ).first.click()
    table = page.locator(".diff-file[data-diff-file='src/beds.py'] table.side-by-side")
    before, after = (table.locator("td", has_text=re.compile(words)).first for words in (r"^\s*return width \* 7$", "# wider"))
    expect(before).to_be_visible()
    left, right = before.bounding_box(), after.bounding_box()
    assert left["y"] == right["y"], "what was and what is stand beside each other"
    assert left["x"] + left["width"] <= right["x"]


def test_context_is_expanded(open_page, garden: str) -> None:
    page = open_page(f"/{garden}/changelog")
    page.get_by_role("link", name=re.compile("Widen")).first.click()
    table = page.locator(".diff-file[data-diff-file='src/beds.py'] .code-difftable")
    hidden = table.locator("pre", has_text="def bed_9(width)")
    expect(hidden).to_have_count(0)
    address, rows = page.url, table.locator("tr").count()
    table.locator(".expand.down").first.click()
    expect(hidden).to_be_visible()
    assert table.locator("tr").count() > rows
    assert page.url == address, "nobody loses their place"


def test_paper_gets_the_content_without_the_frame(open_page, garden: str) -> None:
    page = open_page(f"/{garden}/changeset/tip", color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    for frame in ("header.site", ".tabs", ".site-foot", ".diff-links", ".toolbar-end"):
        expect(page.locator(frame).first).to_be_hidden()
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".diff-file h3").first).to_be_visible()
    assert page.locator(".diff-file > header").first.evaluate("e => getComputedStyle(e).position") == "static"
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") in ("rgb(255, 255, 255)", "oklch(1 0 0)")


def test_a_page_that_was_seen_costs_two_requests_at_most(open_page, garden: str) -> None:
    page = open_page(f"/{garden}/files/tip/src/")
    page.wait_for_load_state("networkidle")
    wire = page.context.new_cdp_session(page)
    asked: dict[str, str] = {}
    wire.on("Network.requestWillBeSent", lambda event: asked.update({event["requestId"]: event["request"]["url"]}))
    wire.on("Network.requestServedFromCache", lambda event: asked.pop(event["requestId"], None))
    wire.on("Network.responseReceived", lambda event: event["response"].get("fromDiskCache") and asked.pop(event["requestId"], None))
    wire.send("Network.enable")
    page.goto(f"/{garden}/files/tip/src/", wait_until="networkidle")
    assert 1 <= len(asked) <= 2, list(asked.values())


@pytest.mark.parametrize("path", ["", "/changelog", "/files/tip/src/beds.py", "/files/tip/", "/changeset/tip", "/compare", "/annotate/tip/src/beds.py"])
def test_everything_is_there_without_script(open_page, garden: str, path: str) -> None:
    page = open_page(f"/{garden}{path}", java_script_enabled=False)
    expect(page.locator("main")).to_be_visible()
    expect(page.locator("h1:not([id^=user-content-])")).to_have_count(1)
    # A button that only a script can answer must not be offered.
    for button in page.locator("main button:visible").all():
        assert button.evaluate("b => !!b.form") is True, button.evaluate("b => b.outerHTML")


def test_switching_language_without_script(world: Server) -> None:
    browser = Browser(world.url)
    german = browser.get("/_admin/login", headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"})
    assert german.html.find("html")["lang"] == "de"
    assert german.headers["Vary"].find("Accept-Language") >= 0
    english = browser.get("/_admin/login", headers={"Accept-Language": "xx, en;q=0.5, de;q=0.1"})
    assert english.html.find("html")["lang"] == "en"


def test_nothing_moves_after_the_first_paint(open_page) -> None:
    page = open_page("/about")
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => { for (const e of list.getEntries()) window.shift += e.value; })"
        ".observe({ type: 'layout-shift', buffered: true });"
    )
    below = ("", "/changelog", "/files/tip/", "/files/tip/src/beds.py", "/changeset/tip", "/compare", "/edit/tip/src/beds.py")
    for path in ("/", "/_admin/journal", "/_admin/my_account", *(f"/{GARDEN}{rest}" for rest in below)):
        page.goto(path, wait_until="networkidle")
        page.wait_for_selector("html[data-scripts=ready]", state="attached")
        assert page.evaluate("window.shift") < 0.0005, path


def test_the_list_of_shortcuts_tells_what_works_here(open_page) -> None:
    told = {}
    for path in (f"/{GARDEN}/changelog", f"/{GARDEN}/files/tip/src/beds.py", "/about"):
        page = open_page(path)
        page.keyboard.press("?")
        told[path] = page.get_by_role("dialog").locator("kbd").all_inner_texts()
    log, file, about = told.values()
    assert {"j", "k", "Enter", "x"} <= set(log) and "l" not in log
    assert {"l", "t", "y"} <= set(file) and "j" not in file
    assert "j" not in about and "t" not in about


def test_l_goes_to_a_line(open_page) -> None:
    page = open_page(f"/{GARDEN}/files/tip/src/beds.py")
    page.keyboard.press("l")
    page.keyboard.type("200")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#L200$"))
    expect(page.locator("#L200")).to_be_in_viewport()


def test_the_editor_numbers_lines_and_keeps_indentation(open_page) -> None:
    page = open_page(f"/{GARDEN}/edit/tip/src/beds.py")
    field, numbers = page.locator("#f-content"), page.locator(".editor-lines")
    lines = field.input_value().count("\n") + 1
    assert numbers.inner_text().split() == [str(n) for n in range(1, lines + 1)]
    field.evaluate("f => f.setSelectionRange(0, 0)")
    field.focus()
    page.keyboard.type("if dry:")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("water()")
    page.keyboard.press("Enter")
    page.keyboard.type("rest()")
    assert field.input_value().startswith("if dry:\n    water()\n    rest()def bed_0")
    expect(page.locator("[data-editor-place]")).to_have_text("Line 3, column 11")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(field).not_to_be_focused()
    # Typed text is not lost without a question.
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto("/about")
    assert asked == ["beforeunload"]
