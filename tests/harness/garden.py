"""A history with everything in it that pages have to show; the same in either system."""

from __future__ import annotations

import base64
from pathlib import Path

from harness.clients import Client

GARDENS = {"git": "team/inner/garden-git", "hg": "garden-hg"}
"""Where the garden of each system lies on the site of the browser tests."""

ODD_NAME = "quote\"s 'and' <b>tags</b> & \u202egnp.txt"
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIAQMAAAD+wSzIAAAABlBMVEX///+/v7+jQ3Y5AAAADklEQVQI12P4AIX8EAgALgAD/aNpbtEAAAAASUVORK5CYII="
)
MARKUP = """# The garden

A [guide](docs/guide.rst), a [plan](plan.csv) and a ![picture](picture.png). See #12 and @ada.

| what | when |
| --- | --- |
| peas | *March* |

- [x] dig
- [ ] sow

```python
def sow(seed: str) -> None:
    print(f"{seed} is in the ground")
```

<script>alert("no")</script>
"""
CODE = "".join(f"def bed_{n}(width):\n    # row {n}\n    return width * {n}\n\n\n" for n in range(60))
FILES: dict[str, bytes | str] = {
    "README.md": MARKUP,
    "docs/guide.rst": "Guide\n=====\n\nA *guide* with ``code``.\n\n.. note:: Water daily.\n",
    "plan.csv": 'bed,plant,"row, spaced"\n1,peas,"3, wide"\n2,beans,"<b>4</b>"\n',
    "picture.png": PICTURE,
    "drawing.svg": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><script>alert(1)</script><circle cx="4" cy="4" r="3"/></svg>\n',
    "leaflet.pdf": b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
    "src/beds.py": CODE,
    "src/seed.bin": bytes(range(256)) * 8,
    "notes/latin-1.txt": "Blühende Gärten\n".encode("latin-1"),
    "notes/long line.txt": "weeds " * 3000 + "\n",
    "notes/no end": "the last line has no end",
    "notes/empty": "",
    "ünï cödé/日本語 の ファイル.txt": "春\n夏\n秋\n冬\n",
    ODD_NAME: "<script>alert('a file')</script>\n",
}


def story(client: Client) -> Path:
    """A work copy with a branch, a merge, a rename, a tag and odd names."""
    work = client.init()
    client.commit(work, "Begin the garden", FILES)
    (work / "path to the beds").symlink_to("src/beds.py")
    changed = CODE.replace("return width * 7\n", "return width * 7 + 1  # wider\n").replace("def bed_30", "def raised_bed_30")
    client.commit(work, "Widen <i>bed</i> 7\n\nIt was too narrow, see #12.\nhttps://example.com/beds?a=1&b=2", {"src/beds.py": changed})
    if client.kind == "git":
        client("mv", "notes/no end", "notes/the end.txt", cwd=work)
        client.commit(work, "Rename a note", {})
        client("checkout", "-q", "-b", "feature/slash", "HEAD~1", cwd=work)
        client.commit(work, "Grow beans on a branch whose name has a slash", {"src/beans.py": "beans = 12\n"})
        client("checkout", "-q", "main", cwd=work)
        client("merge", "-q", "--no-ff", "-m", "Merge the beans", "feature/slash", cwd=work)
        client("tag", "-a", "-m", "First harvest", "v1.0", cwd=work)
    else:
        client("rename", "notes/no end", "notes/the end.txt", cwd=work)
        client.commit(work, "Rename a note", {})
        client("update", "-q", "-r", "1", cwd=work)
        client("branch", "-q", "feature/slash", cwd=work)
        client.commit(work, "Grow beans on a branch whose name has a slash", {"src/beans.py": "beans = 12\n"})
        client("update", "-q", "default", cwd=work)
        client("merge", "-q", "-r", "feature/slash", cwd=work)
        client.commit(work, "Merge the beans", {})
        client("bookmark", "harvest", cwd=work)
        client("tag", "v1.0", cwd=work)
    (work / "src" / "seed.bin").unlink()
    client.commit(work, "Remove the seeds; " + "a long first line goes on and on, " * 6, {})
    return work
