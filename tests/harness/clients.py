"""The real clients, alone with themselves: own home, own configuration, no password prompt."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from harness.instance import SYSTEM_PATH
from harness.servers import BIN

AUTHOR = "Ada Example <ada@example.com>"


def program(name: str) -> str:
    """Where a client is: as named by `KALLITHEA_TEST_HG`, in this environment, or in PATH."""
    named = os.environ.get(f"KALLITHEA_TEST_{name.upper()}")
    found = named or shutil.which(name, path=f"{BIN}:{SYSTEM_PATH}")
    assert found and os.access(found, os.X_OK), f"the tests need {name}: `make test` installs it"
    return found


class Client:
    """What Git and Mercurial have in common. Calling it runs the program and returns what it printed."""

    kind: str

    def __init__(self, home: Path):
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.program = program(self.kind)
        self._copies = 0
        self.env = {"PATH": f"{Path(self.program).parent}:{SYSTEM_PATH}", "HOME": str(home), "LANG": "C.UTF-8", "TZ": "UTC"}

    def run(self, *words: object, cwd: Path | None = None, env: dict[str, str] | None = None, seconds: float = 120):
        argv = [self.program, *map(str, words)]
        options = dict(cwd=cwd or self.home, env=self.env | (env or {}), stdin=subprocess.DEVNULL, timeout=seconds)
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
        return done.returncode, done.stdout.decode(errors="replace")

    def __call__(self, *words: object, **options) -> str:
        status, output = self.run(*words, **options)
        assert status == 0, f"{self.kind} {' '.join(map(str, words))} ended with {status}:\n{output}"
        return output

    def fails(self, *words: object, **options) -> str:
        """Run what must be refused, and return the words of the refusal."""
        status, output = self.run(*words, **options)
        assert status != 0, f"{self.kind} {' '.join(map(str, words))} should have been refused:\n{output}"
        return output

    def new_folder(self, name: str) -> Path:
        self._copies += 1
        return self.home / f"{name}-{self._copies}"

    def write(self, work: Path, files: dict[str, bytes | str]) -> None:
        for name, content in files.items():
            path = work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    # What both can do, under one name, so that a test can be written once for both.
    def init(self) -> Path:
        raise NotImplementedError

    def clone(self, url: str, *options: object) -> Path:
        work = self.new_folder("clone")
        self("clone", *options, url, work)
        return work

    def commit(self, work: Path, message: str, files: dict[str, bytes | str]) -> str:
        raise NotImplementedError

    def push(self, work: Path, url: str, *options: object) -> str:
        raise NotImplementedError

    def pull(self, work: Path, url: str) -> str:
        raise NotImplementedError

    def tip(self, work: Path) -> str:
        raise NotImplementedError

    def messages(self, work: Path) -> list[str]:
        """First lines of all changesets, newest first."""
        raise NotImplementedError

    def is_empty(self, url: str) -> bool:
        """Whether the repository behind a URL has no changeset."""
        raise NotImplementedError


class Git(Client):
    kind = "git"

    def __init__(self, home: Path):
        super().__init__(home)
        config = home / "gitconfig"
        config.write_text("[user]\nname = Ada Example\nemail = ada@example.com\n[init]\ndefaultBranch = main\n[gc]\nauto = 0\n")
        self.env |= {"GIT_CONFIG_GLOBAL": str(config), "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}

    def init(self) -> Path:
        work = self.new_folder("work")
        self("init", "-q", work)
        return work

    def commit(self, work: Path, message: str, files: dict[str, bytes | str]) -> str:
        self.write(work, files)
        self("add", "-A", cwd=work)
        self("commit", "-q", "--allow-empty", "-m", message, cwd=work)
        return self.tip(work)

    def push(self, work: Path, url: str, *options: object) -> str:
        return self("push", *(options or ("--set-upstream",)), url, "HEAD", cwd=work)

    def pull(self, work: Path, url: str) -> str:
        return self("pull", "-q", "--ff-only", url, "HEAD", cwd=work)

    def tip(self, work: Path) -> str:
        return self("rev-parse", "HEAD", cwd=work).strip()

    def messages(self, work: Path) -> list[str]:
        return self("log", "--format=%s", cwd=work).splitlines()

    def is_empty(self, url: str) -> bool:
        return self("ls-remote", url) == ""


class Hg(Client):
    kind = "hg"

    def __init__(self, home: Path):
        super().__init__(home)
        config = home / "hgrc"
        config.write_text(f"[ui]\nusername = {AUTHOR}\ninteractive = no\n")
        self.env |= {"HGRCPATH": str(config), "HGENCODING": "UTF-8"}

    def init(self) -> Path:
        work = self.new_folder("work")
        self("init", work)
        return work

    def commit(self, work: Path, message: str, files: dict[str, bytes | str]) -> str:
        self.write(work, files)
        self("commit", "--addremove", "--quiet", "--message", message, cwd=work)
        return self.tip(work)

    def push(self, work: Path, url: str, *options: object) -> str:
        return self("push", *options, url, cwd=work)

    def pull(self, work: Path, url: str) -> str:
        return self("pull", "--update", url, cwd=work)

    def tip(self, work: Path) -> str:
        return self("log", "--rev", "tip", "--template", "{node}", cwd=work).strip()

    def messages(self, work: Path) -> list[str]:
        return self("log", "--template", "{desc|firstline}\n", cwd=work).splitlines()

    def is_empty(self, url: str) -> bool:
        return set(self("identify", "--id", url).strip()) == {"0"}
