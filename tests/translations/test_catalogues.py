"""Every text that a page shows is there in every language, and says the same things."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import messages

TEXTS = messages.collect()


def test_texts_are_found_in_every_kind_of_source():
    kinds = {Path(name).suffix for message in TEXTS.values() for name in message.files}
    assert kinds == {".html", ".rs", ".js"}
    assert any(message.other for message in TEXTS.values())


def test_a_text_counts_everywhere_or_nowhere():
    for message in TEXTS.values():
        if message.other is not None:
            assert "{n}" in message.other, message


@pytest.mark.parametrize("path", messages.catalogues(), ids=lambda path: path.stem)
def test_every_catalogue_is_complete(path):
    head, entries = messages.read(path)
    found = messages.faults(head, TEXTS, entries)
    assert not {kind: texts for kind, texts in found.items() if texts}


def test_faults_are_seen():
    head = '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"'
    texts = {
        "a": messages.Message("a"),
        "Fork of {name}": messages.Message("Fork of {name}"),
        "<b>x</b>": messages.Message("<b>x</b>"),
        "{n} file": messages.Message("{n} file", "{n} files"),
        "guess": messages.Message("guess"),
        "empty": messages.Message("empty"),
    }
    entries = {
        "Fork of {name}": messages.Entry("Fork of {name}", None, ["Ableger von {nmae}"]),
        "<b>x</b>": messages.Entry("<b>x</b>", None, ["<i>x</i>"]),
        "{n} file": messages.Entry("{n} file", "{n} files", ["eine Datei", "{n} Dateien"]),
        "guess": messages.Entry("guess", None, ["geraten"], fuzzy=True),
        "empty": messages.Entry("empty", None, [""]),
        "dead": messages.Entry("dead", None, ["tot"]),
    }
    found = messages.faults(head, texts, entries)
    assert found["missing"] == ["a", "empty"]
    assert found["obsolete"] == ["dead"]
    assert found["fuzzy"] == ["guess"]
    assert len(found["wrong"]) == 2
