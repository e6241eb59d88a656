"""The style sheets, the scripts and the icons keep their promises.

Contrast is computed from the tokens themselves (oklch, both themes) by the formulas of WCAG 2.2, so that a change of a
colour that makes a text unreadable fails here and not in somebody's eyes.
"""

import math
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PUBLIC = ROOT / "python" / "kallithea_rs" / "public"
TEMPLATES = ROOT / "src" / "web" / "templates"
SHEETS = {name: (PUBLIC / "css" / f"{name}.css").read_text(encoding="utf-8") for name in ("tokens", "style", "code")}
STYLE = "".join(SHEETS.values())
TOKEN = re.compile(r"--([\w-]+): light-dark\((oklch\([^)]*\)), (oklch\([^)]*\))\);")


def linear(oklch):
    """`oklch(L C H)` as linear sRGB, clipped to the gamut."""
    lightness, chroma, hue = (float(x) for x in re.findall(r"[\d.]+", oklch)[:3])
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long, medium, short = (
        (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3,
        (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3,
        (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3,
    )
    return [
        min(1.0, max(0.0, channel))
        for channel in (
            4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
            -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
            -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
        )
    ]


def contrast(one, other):
    """WCAG contrast of two oklch colours."""
    light, dark = sorted(
        (0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (linear(one), linear(other))), reverse=True
    )
    return (light + 0.05) / (dark + 0.05)


THEMES = {
    "light": {name: light for name, light, _ in TOKEN.findall(STYLE)},
    "dark": {name: dark for name, _, dark in TOKEN.findall(STYLE)},
}
SURFACES = ["bg", "bg-sunken", "bg-raised", "bg-hover", "bg-target", "accent-soft"]
DIFF_SURFACES = ["bg", "bg-sunken", "add", "add-strong", "del", "del-strong", "moved", "bg-target"]
SYNTAX = [name for name in THEMES["light"] if name.startswith("syntax-")]
TEXT = (
    [(ink, surface) for ink in ("fg", "fg-muted", "accent") for surface in SURFACES]
    + [("fg", soft) for soft in ("good-soft", "bad-soft", "warn-soft", "rule", *DIFF_SURFACES)]
    + [("fg-muted", surface) for surface in ("add", "del", "rule")]
    + [(ink, surface) for ink in SYNTAX for surface in DIFF_SURFACES]
    + [(ink, surface) for ink in ("good", "bad", "warn", "tag", "bookmark") for surface in ("bg", "bg-sunken", "bg-hover")]
    + [("good", "add"), ("bad", "del"), ("bad", "bad-soft"), ("good", "good-soft"), ("warn", "warn-soft")]
    + [("accent-fg", "accent-strong")]
)
LINES = [("line", surface) for surface in ("bg", "bg-sunken", "bg-raised")] + [
    (f"lane-{n}", "bg") for n in range(1, 9)
] + [("bg", "accent-strong"), ("heat-0", "bg")]


def test_the_formula_knows_black_and_white():
    assert contrast("oklch(0 0 0)", "oklch(1 0 0)") == pytest.approx(21, abs=0.01)
    # sRGB #767676 on white is the lightest grey that passes.
    assert contrast("oklch(0.5659 0 0)", "oklch(1 0 0)") == pytest.approx(4.54, abs=0.03)


@pytest.mark.parametrize("theme", THEMES)
def test_text_can_be_read(theme):
    colours = THEMES[theme]
    poor = {
        f"{ink} on {surface}": round(contrast(colours[ink], colours[surface]), 2)
        for ink, surface in TEXT
        if contrast(colours[ink], colours[surface]) < 4.5
    }
    assert not poor


@pytest.mark.parametrize("theme", THEMES)
def test_lines_and_icons_can_be_seen(theme):
    colours = THEMES[theme]
    poor = {
        f"{ink} on {surface}": round(contrast(colours[ink], colours[surface]), 2)
        for ink, surface in LINES
        if contrast(colours[ink], colours[surface]) < 3
    }
    assert not poor


def test_every_token_that_is_used_is_defined():
    defined = set(re.findall(r"(--[\w-]+):", STYLE))
    used = set(re.findall(r"var\((--[\w-]+)", STYLE))
    assert used <= defined


def test_every_sheet_is_read_here():
    assert {path.stem for path in (PUBLIC / "css").iterdir()} == set(SHEETS)


def test_the_style_sheets_load_nothing():
    assert "@import" not in STYLE
    assert "url(" not in STYLE


def test_the_scripts_are_small():
    assert sum(path.stat().st_size for path in (PUBLIC / "js").glob("*.js")) <= 40 * 1024


def test_every_behaviour_has_a_module():
    main = (PUBLIC / "js" / "main.js").read_text(encoding="utf-8")
    table = main.split("const behaviours = {")[1].split("};")[0]
    for name in re.findall(r"^\s*(\w+):", table, re.M):
        module = (PUBLIC / "js" / f"{name}.js").read_text(encoding="utf-8")
        assert "export default function" in module, name


def test_every_icon_exists():
    sprite = (PUBLIC / "images" / "icons.svg").read_text(encoding="utf-8")
    icons = set(re.findall(r'<symbol id="([\w-]+)"', sprite))
    wanted = set()
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        wanted |= set(re.findall(r'<icon name="([\w-]+)"', text))
        for expression in re.findall(r"<icon name=\{(.*?)\} />", text):
            wanted |= set(re.findall(r'(?:^|if|else|\()\s*\(?"([\w-]+)" (?:if|\)|$)', expression))
            wanted |= set(re.findall(r'else "([\w-]+)"', expression))
    for path in (PUBLIC / "js").glob("*.js"):
        wanted |= set(re.findall(r'\bicon\("([\w-]+)"\)', path.read_text(encoding="utf-8")))
    assert wanted <= icons
    assert "style=" not in sprite and "<style" not in sprite and "<script" not in sprite


def test_every_template_is_compiled_in():
    listed = re.findall(r'^    "([\w/]+\.html)",$', (ROOT / "src/web/view/templates.rs").read_text(encoding="utf-8"), re.M)
    assert sorted(listed) == sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html"))


def test_every_class_of_the_highlighter_has_a_colour():
    scopes = (ROOT / "src/render/highlight/scopes.rs").read_text(encoding="utf-8")
    classes = re.findall(r'"(\w+)"', scopes.split("CLASSES: &[&str] = &[")[1].split("]")[0])
    assert len(classes) > 10
    code = STYLE.split("/* Pygments' short names")[1].split("/* ---- Diffs")[0]
    assert not [name for name in classes if not re.search(rf"\.{name}\b", code)]
