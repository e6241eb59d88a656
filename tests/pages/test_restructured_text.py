"""reStructuredText by docutils: what comes through, what does not, and what is given up."""

from __future__ import annotations

import time

import pytest

from harness import Browser, Git, Instance, Server
from harness.instance import ADMIN
from kallithea_rs import _rst


def render(text: str, strict: bool = False) -> str | None:
    return _rst.render(text, strict, lambda language, code: f"[{language}]{code}")


def test_titles_literals_and_code() -> None:
    html = render("Title\n=====\n\nOnly one\n--------\n\nSome ``code``.\n\n.. code-block:: python\n\n   pass\n")
    assert '<h1 class="title">Title</h1>' in html and "Only one</h2>" in html, "no heading is lost"
    assert '<code class="literal">code</code>' in html and "[python]pass" in html


@pytest.mark.parametrize(
    "text",
    [
        ".. include:: {file}\n",
        ".. literalinclude:: {file}\n",
        ".. csv-table::\n   :file: {file}\n",
        ".. csv-table::\n   :url: file://{file}\n",
        ".. raw:: html\n   :file: {file}\n",
        ".. raw:: html\n\n   <b>secret</b>\n",
        ".. figure:: {file}\n   :scale: 50\n",
        ".. code:: text\n   :include: {file}\n",
    ],
)
def test_nothing_of_the_server_comes_into_a_page(text: str, tmp_path) -> None:
    (tmp_path / "file").write_text("secret")
    assert "secret" not in (render("Before.\n\n" + text.format(file=tmp_path / "file")) or "")


def test_configuration_of_docutils_is_not_read(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docutils.conf").write_text("[general]\nfile_insertion_enabled: yes\nraw_enabled: yes\n")
    monkeypatch.chdir(tmp_path)
    assert "<b>" not in render("x\n\n.. raw:: html\n\n   <b>x</b>\n")


def test_a_text_that_was_not_meant_as_such_is_given_up() -> None:
    text = "Heading\n===\n\n* one\n two\n"
    assert render(text) and render(text, strict=True) is None


@pytest.mark.parametrize(
    "text",
    [
        "a_ " * 60_000,
        "".join(f".. |a{n}| replace:: {f'|a{n + 1}| ' * 4}\n" for n in range(30)) + ".. |a30| replace:: x\n\n|a0|\n",
        (":a:`" * 2_000 + "\n") * 20,
        "".join("  " * depth + "* x\n\n" for depth in range(400)),
        ("+-" * 1_000 + "+\n" + "|x" * 1_000 + "|\n") * 60,
        "Para *x* ``y``.\n\n" * 12_000,
    ],
    ids=["references", "substitutions in substitutions", "roles", "lists", "table", "paragraphs"],
)
def test_no_text_takes_long(text: str) -> None:
    start = time.thread_time()
    render(text)
    assert time.thread_time() - start < _rst.SECONDS + 2


def test_pages_show_it(instance: Instance, server: Server, admin: Browser, git: Git) -> None:
    instance.create_repository(ADMIN, "rst", "git")
    work = git.init()
    git.commit(
        work,
        "Write",
        {
            "README": "Plain\n=====\n\nSee `the guide <docs/guide.rst>`_ and <script>alert(1)</script>.\n",
            "docs/guide.rst": ".. note:: Beware\n\n.. code:: python\n\n   return 1\n\n`x <javascript:alert(1)>`_\n",
        },
    )
    git.push(work, server.url_for(ADMIN, "rst"))
    summary = admin.get("/rst")
    assert summary.status == 200 and summary.html.find("h1", class_="title").get_text() == "Plain"
    guide = next(link for link in summary.links if link.endswith("/docs/guide.rst"))
    assert "/rst/files/" in guide and not summary.html.find("script", string="alert(1)")

    page = admin.get(guide + "?view=rendered")
    assert page.status == 200 and page.html.find(class_="admonition"), page
    assert page.html.select_one("pre.code-highlight .k"), "code in it is coloured by ourselves"
    assert not [link for link in page.links if "javascript" in link]
