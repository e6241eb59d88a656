"""A real `sshd` on a free port, as the user who runs the tests, and keys for its clients."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import time
from pathlib import Path

from harness import processes
from harness.instance import environment
from harness.servers import BIN, free_port

SSHD = "/usr/sbin/sshd"


def write_cli(folder: Path) -> Path:
    """`kallithea-cli` of this environment, as a program of its own: sshd starts it with an environment of its own, too."""
    path = folder / "kallithea-cli"
    path.write_text(f'#!/bin/sh\nPATH={BIN}:$PATH exec {sys.executable} -m kallithea_rs.cli "$@"\n')
    path.chmod(0o755)
    return path


class Key:
    """A pair of keys."""

    def __init__(self, folder: Path, name: str):
        self.private = folder / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", self.private], check=True)
        self.public = self.private.with_suffix(".pub").read_text().strip()


class Sshd:
    """The server. `with` starts and stops it."""

    def __init__(self, folder: Path, lines: list[str]):
        self.folder = folder
        self.port = free_port()
        self.user = pwd.getpwuid(os.getuid()).pw_name
        self.log_file = folder / "sshd.log"
        host_key = Key(folder, "host")
        settings = [
            f"Port {self.port}",
            "ListenAddress 127.0.0.1",
            f"HostKey {host_key.private}",
            f"PidFile {folder}/sshd.pid",
            "UsePAM no",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "PermitRootLogin yes",
            # The folder lies below /tmp, which is writable for everybody.
            "StrictModes no",
            "AcceptEnv GIT_PROTOCOL",
            "LogLevel VERBOSE",
            *lines,
        ]
        self.config = folder / "sshd_config"
        self.config.write_text("\n".join(settings) + "\n")

    def __enter__(self) -> Sshd:
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        with self.log_file.open("ab") as log:
            argv = [SSHD, "-D", "-e", "-f", str(self.config)]
            self.process = processes.start(argv, cwd=self.folder, env=environment(self.folder), stdout=log, stderr=log)
        deadline = time.monotonic() + 20
        while "Server listening" not in self.log():
            assert self.process.poll() is None and time.monotonic() < deadline, self.log()
            time.sleep(0.05)
        return self

    def __exit__(self, *exception) -> None:
        self.process.terminate()
        self.process.wait(20)
        processes.ended(self.process)

    def log(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def ssh(self, key: Key) -> str:
        """The words of shell with which a client starts `ssh`."""
        options = (
            "-F /dev/null -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
        )
        return f"ssh {options} -o LogLevel=ERROR -o SendEnv=GIT_PROTOCOL -i {key.private}"

    def url(self, path: str) -> str:
        return f"ssh://{self.user}@127.0.0.1:{self.port}/{path}"

    def run(self, key: Key, *command: str, seconds: float = 60) -> subprocess.CompletedProcess:
        """Ask for a command as it stands."""
        argv = [*self.ssh(key).split(), "-p", str(self.port), f"{self.user}@127.0.0.1", *command]
        return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds)
