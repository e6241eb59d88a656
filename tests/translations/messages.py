#!/usr/bin/env python3
"""Finds every text that pages show, and brings the catalogues in python/kallithea_rs/i18n up to date with them.

Run as a program (`make translations`) it adds new texts to every catalogue with an empty translation and drops those
that no source holds any more; translations are kept. The test beside it uses the same functions.

A text is a literal at one of these places (see src/web/i18n.rs):
  Rust       .t("…")  .tf("…", …)  .tn("…", "…", …)  t("…")  m("…")
             and what the rules of src/model refuse: Error::invalid("field", "…"), Error::Forbidden("…".into()),
             say!("…", …), m("…")
  templates  t(m="…")  th(m="…")  tn(one="…", other="…", …)
  scripts    t("…")
"""

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
CATALOGUES = ROOT / "python" / "kallithea_rs" / "i18n"

STRING = r'"((?:[^"\\]|\\.)*)"'
RUST = [
    re.compile(r"\.tn\(\s*" + STRING + r",\s*" + STRING, re.S),
    re.compile(r"(?:\.tf?|\b[mt])\(\s*" + STRING, re.S),
]
MODEL = [
    re.compile(r'Error::invalid\(\s*"\w*",\s*' + STRING + r"(?:\s*\.into\(\))?\s*,?\s*\)", re.S),
    re.compile(r"Error::Forbidden\(\s*" + STRING + r"\s*\.(?:into|to_owned)\(\)", re.S),
    re.compile(r"\b(?:say!|m)\(\s*" + STRING, re.S),
]
TEMPLATE = [
    re.compile(r"\btn\(\s*one=" + STRING + r",\s*other=" + STRING),
    re.compile(r"\bth?\(\s*m=" + STRING),
]
SCRIPT = [re.compile(r"\bt\(" + STRING)]
PLACE = re.compile(r"\{(\w+)\}")


@dataclass
class Message:
    """One text, with its plural when it counts, and the files that show it."""

    one: str
    other: str | None = None
    files: list[str] = field(default_factory=list)


@dataclass
class Entry:
    """One translation in a catalogue."""

    one: str
    other: str | None = None
    forms: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    fuzzy: bool = False


def unescape_rust(text: str) -> str:
    text = re.sub(r"\\\n\s*", "", text)
    text = re.sub(r"\\u\{([0-9a-fA-F]+)\}", lambda found: chr(int(found[1], 16)), text)
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[1]), text)


def without_tests(source: str) -> str:
    """Rust without its test module, which stands at the end."""
    return source.split("\n#[cfg(test)]\nmod tests {")[0]


def collect() -> dict[str, Message]:
    """All texts, in the order of the files that show them."""
    messages: dict[str, Message] = {}
    sources = [
        (sorted((ROOT / "src/web/templates").rglob("*.html")), TEMPLATE, lambda text: text),
        (sorted((ROOT / "src/web").rglob("*.rs")), RUST, without_tests),
        (sorted((ROOT / "src/model").rglob("*.rs")), MODEL, without_tests),
        (sorted((ROOT / "python/kallithea_rs/public/js").glob("*.js")), SCRIPT, lambda text: text),
    ]
    for paths, patterns, prepared in sources:
        for path in paths:
            name = str(path.relative_to(ROOT))
            if "/tests" in name or name.startswith(("tests/", "src/web/i18n")):
                continue
            text = prepared(path.read_text(encoding="utf-8"))
            found = [
                (match.start(), [unescape_rust(part) for part in match.groups()])
                for pattern in patterns
                for match in pattern.finditer(text)
            ]
            for _, parts in sorted(found, key=lambda item: item[0]):
                message = messages.setdefault(parts[0], Message(parts[0]))
                if len(parts) > 1:
                    message.other = parts[1]
                if name not in message.files:
                    message.files.append(name)
    return messages


def read(path: Path) -> tuple[str, dict[str, Entry]]:
    """A catalogue: its head as it stands, and its entries by the English text."""
    head, *blocks = re.split(r"\n\s*\n", path.read_text(encoding="utf-8").strip("\n"))
    entries = {}
    for block in blocks:
        entry = Entry("")
        part = None
        texts: dict[str, list[str]] = {}
        for line in block.splitlines():
            if line.startswith("#"):
                entry.fuzzy |= line.startswith("#,") and "fuzzy" in line
                if line.startswith("# "):
                    entry.comments.append(line)
                continue
            if not line.startswith('"'):
                part, _, line = line.partition(" ")
                texts[part] = []
            texts[part].append(unescape_rust(line.strip()[1:-1]))
        if "msgid" not in texts:
            continue
        joined = {key: "".join(value) for key, value in texts.items()}
        entry.one, entry.other = joined["msgid"], joined.get("msgid_plural")
        entry.forms = [joined[key] for key in sorted(joined) if key.startswith("msgstr")]
        assert entry.one not in entries, f"{path.name}: twice: {entry.one}"
        entries[entry.one] = entry
    return head, entries


def forms_of(head: str) -> int:
    """How many plural forms the head of a catalogue announces."""
    return int(re.search(r"nplurals=(\d)", head)[1])


def quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def write(path: Path, head: str, messages: dict[str, Message], entries: dict[str, Entry]) -> None:
    """Writes a catalogue anew: every text there is, with the translation it had."""
    plurals = forms_of(head)
    blocks = [head]
    for message in messages.values():
        known = entries.get(message.one, Entry(message.one))
        lines = [*known.comments, *(f"#: {name}" for name in message.files)]
        if known.fuzzy:
            lines.append("#, fuzzy")
        lines.append(f"msgid {quote(message.one)}")
        if message.other is None:
            lines.append(f"msgstr {quote(known.forms[0] if known.forms else '')}")
        else:
            lines.append(f"msgid_plural {quote(message.other)}")
            forms = known.forms if known.other is not None else []
            for n in range(plurals):
                lines.append(f"msgstr[{n}] {quote(forms[n] if n < len(forms) else '')}")
        blocks.append("\n".join(lines))
    path.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")


def faults(head: str, messages: dict[str, Message], entries: dict[str, Entry]) -> dict[str, list[str]]:
    """What is wrong with a catalogue, by kind: missing, obsolete, fuzzy, wrong."""
    plurals = forms_of(head)
    found: dict[str, list[str]] = {"missing": [], "obsolete": [], "fuzzy": [], "wrong": []}
    found["obsolete"] = [one for one in entries if one not in messages]
    for one, message in messages.items():
        entry = entries.get(one)
        if entry is None or not any(entry.forms):
            found["missing"].append(one)
            continue
        if entry.fuzzy:
            found["fuzzy"].append(one)
        if entry.other != message.other:
            found["wrong"].append(f"{one}: another plural than the sources")
        if len(entry.forms) != (1 if message.other is None else plurals):
            found["wrong"].append(f"{one}: {len(entry.forms)} forms")
        places = set(PLACE.findall(one)) | set(PLACE.findall(message.other or ""))
        for form in entry.forms:
            if not form:
                found["missing"].append(one)
            # A form that stands for one number may leave the number out.
            elif set(PLACE.findall(form)) | ({"n"} & places if message.other else set()) != places:
                found["wrong"].append(f"{one}: other places in {form}")
            elif sorted(re.findall(r"</?\w+", form)) != sorted(re.findall(r"</?\w+", one)):
                found["wrong"].append(f"{one}: other markup in {form}")
    return found


def catalogues() -> list[Path]:
    return sorted(CATALOGUES.glob("*.po"))


def main() -> int:
    messages = collect()
    for path in catalogues():
        head, entries = read(path)
        write(path, head, messages, entries)
        missing = len(faults(head, messages, read(path)[1])["missing"])
        print(f"{path.name}: {len(messages)} texts, {missing} without a translation")
    return 0


if __name__ == "__main__":
    sys.exit(main())
