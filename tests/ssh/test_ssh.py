"""Clone, pull and push through a real `sshd`, with both systems; and what is refused."""

from __future__ import annotations

import os
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import Client, Git, Instance, People, Person
from harness.sshd import Key, Sshd, write_cli

Environment = Callable[[Person], dict[str, str]]


def clone(client: Client, url: str, env: dict[str, str]) -> Path:
    work = client.new_folder("clone")
    client("clone", url, work, env=env)
    return work


def push(client: Client, work: Path, url: str, env: dict[str, str]) -> str:
    return client("push", url, *(["HEAD"] if client.kind == "git" else []), cwd=work, env=env)


def test_clone_push_pull_and_what_the_journal_says(
    client: Client, project: str, sshd: Sshd, instance: Instance, people: People, over_ssh: Environment
) -> None:
    url, writer, reader = sshd.url(project), over_ssh(people.writer), over_ssh(people.reader)
    work = clone(client, url, writer)
    ids = [client.commit(work, f"Number {n}", {"file": str(n), "ünï": "x"}) for n in range(3)]
    push(client, work, url, writer)
    assert instance.journal(project)[-1] == (people.writer.name, "push:" + ",".join(ids))
    assert instance.last_changeset(project)["raw_id"] == ids[-1]
    ((address,),) = instance.rows("SELECT user_ip FROM user_logs WHERE repository_name = ? AND action LIKE 'push:%'", project)
    assert address == "127.0.0.1"

    copy = clone(client, url, reader)
    assert client.messages(copy) == ["Number 2", "Number 1", "Number 0"]
    assert instance.journal(project)[-1] == (people.reader.name, "pull")
    last = client.commit(work, "One more", {"file": "more"})
    push(client, work, url, writer)
    client("pull", *(["-q", "--ff-only", url, "HEAD"] if client.kind == "git" else ["--update", url]), cwd=copy, env=reader)
    assert client.tip(copy) == last
    seen = instance.rows("SELECT last_seen FROM user_ssh_keys k JOIN users u USING (user_id) WHERE u.username = ?", "bob")
    assert seen[0][0] is not None


def test_a_reader_cannot_push(
    client: Client, project: str, sshd: Sshd, instance: Instance, people: People, over_ssh: Environment
) -> None:
    reader = over_ssh(people.reader)
    work = client.init()
    client.commit(work, "Unwanted", {"a": ""})
    refusal = client.fails("push", sshd.url(project), *(["HEAD"] if client.kind == "git" else []), cwd=work, env=reader)
    assert f"Push access to '{project}' denied" in refusal, refusal
    if client.kind == "hg":
        client.fails("push", "--force", "-B", "mark", sshd.url(project), cwd=work, env=reader)
    assert instance.last_changeset(project).get("raw_id", "0" * 40) == "0" * 40
    assert not [action for _, action in instance.journal(project) if action.startswith("push")]


def test_unknown_and_unreadable_look_the_same(
    client: Client, project: str, sshd: Sshd, people: People, over_ssh: Environment
) -> None:
    stranger = over_ssh(people.stranger)
    for name in (project, "no-such-repository"):
        refusal = client.fails("clone", sshd.url(name), client.new_folder("clone"), env=stranger)
        assert f"abort: Access to '{name}' denied" in refusal, refusal


def test_the_permanent_address_goes_on_working(
    client: Client, project: str, sshd: Sshd, instance: Instance, people: People, over_ssh: Environment
) -> None:
    ((number,),) = instance.rows("SELECT repo_id FROM repositories WHERE repo_name = ?", project)
    work = clone(client, sshd.url(f"_{number}"), over_ssh(people.writer))
    assert work.is_dir()


def test_hooks_speak_to_the_terminal_and_can_refuse(
    client: Client, project: str, sshd: Sshd, server, instance: Instance, people: People, over_ssh: Environment
) -> None:
    folder = instance.repositories / project
    script = '#!/bin/sh\necho "not today: $KALLITHEA_EXTRAS" >&2\nexit 1\n'
    if client.kind == "git":
        hook = folder / "hooks" / "pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(script)
        hook.chmod(0o755)
    else:
        hook = folder / "refuse.sh"
        hook.write_text(script)
        hook.chmod(0o755)
        (folder / ".hg" / "hgrc").write_text(f"[hooks]\npretxnchangegroup.mine = '{hook}'\n")
    work = client.init()
    client.commit(work, "Unwanted", {"a": ""})
    words = ["HEAD"] if client.kind == "git" else []
    for url, env in ((sshd.url(project), over_ssh(people.writer)), (server.url_for(people.writer, project), None)):
        refusal = client.fails("push", url, *words, cwd=work, env=env)
        assert "remote: not today: " in refusal, refusal
        assert f'"repository":"{project}"' in refusal and '"username":"alice"' in refusal


def test_a_revoked_key_opens_nothing(
    sshd: Sshd, folder: Path, people: People, instance: Instance, api: Callable[..., object]
) -> None:
    key = Key(folder, "second")
    api("create_ssh_key", userid=people.writer.name, public_key=key.public, description="")
    assert "is not supported" in sshd.run(key, "ls").stderr
    fingerprint = instance.rows("SELECT fingerprint FROM user_ssh_keys ORDER BY user_ssh_key_id DESC LIMIT 1")[0][0]
    lines = (instance.folder / "dot ssh" / "authorized_keys").read_text()
    api("delete_ssh_key", userid=people.writer.name, fingerprint=fingerprint)
    assert "Permission denied" in sshd.run(key, "ls").stderr

    # Also while the file still has it.
    (instance.folder / "dot ssh" / "authorized_keys").write_text(lines)
    refused = sshd.run(key, "git-upload-pack '/x'")
    assert refused.returncode == 1 and "abort: SSH key " in refused.stderr and " not found" in refused.stderr
    run_cli(instance, "ssh-update-authorized-keys")


def test_somebody_elses_key_number_and_an_inactive_account(
    instance: Instance, people: People, keys: dict[Person, Key], api: Callable[..., object]
) -> None:
    ((alice, key),) = instance.rows(
        "SELECT user_id, user_ssh_key_id FROM user_ssh_keys JOIN users USING (user_id) WHERE username = 'alice'"
    )
    ((bob,),) = instance.rows("SELECT user_id FROM users WHERE username = 'bob'")
    env = {"SSH_ORIGINAL_COMMAND": "git-upload-pack '/x'", "SSH_CONNECTION": "10.1.2.3 1 127.0.0.1 22"}

    def refusal(*numbers: int) -> str:
        done = run_cli(instance, "ssh-serve", *map(str, numbers), env=env, check=False)
        assert done.returncode == 1 and done.stdout == ""
        return done.stderr.strip()

    assert refusal(bob, key) == f"abort: SSH key {key} not found"
    assert refusal(9999, key) == "abort: User 9999 not found"
    assert refusal(alice, key) == "abort: Access to 'x' denied"
    api("update_user", userid="carol", active=False)
    ((carol, key),) = instance.rows(
        "SELECT user_id, user_ssh_key_id FROM user_ssh_keys JOIN users USING (user_id) WHERE username = 'carol'"
    )
    assert refusal(carol, key) == "abort: User carol from 10.1.2.3 cannot be authorized"
    file = instance.folder / "dot ssh" / "authorized_keys"
    assert keys[people.stranger].public.split()[1] not in file.read_text()
    api("update_user", userid="carol", active=True)
    assert keys[people.stranger].public.split()[1] in file.read_text(), "an account that is active again has its key again"


@pytest.mark.parametrize(
    "command",
    [
        "",
        "ls",
        "hg -R x serve --stdio --config hooks.pre-serve='touch pwned'",
        "hg -R --config=hooks.pre-serve=id serve --stdio",
        "git-upload-pack '/x'; touch pwned",
        'git-upload-pack "$(touch pwned)"',
        "git-upload-pack '/x\nid'",
        "git-upload-pack --help",
        "git-upload-archive --remote=/etc '/x'",
        "scp -f /etc/passwd",
    ],
)
def test_other_commands_are_refused(
    command: str, sshd: Sshd, people: People, keys: dict[Person, Key], instance: Instance
) -> None:
    refused = sshd.run(keys[people.writer], *([command] if command else []))
    assert refused.returncode == 1 and refused.stdout == ""
    expected = "is not supported" if command else "Interactive SSH login for this user is disabled."
    assert expected in refused.stderr, refused.stderr
    assert not list(instance.folder.rglob("pwned"))


@pytest.mark.parametrize("version", [0, 2])
def test_versions_of_gits_protocol_and_archives(
    version: int, git: Git, new_repository: Callable[[str], str], sshd: Sshd, people: People, keys: dict[Person, Key]
) -> None:
    name = new_repository("git")
    env = {"GIT_SSH_COMMAND": sshd.ssh(keys[people.writer]), "GIT_TRACE_PACKET": "1"}
    work = git.init()
    git.commit(work, "One", {"a/b": "text"})
    git("push", sshd.url(name), "HEAD", cwd=work, env=env)
    output = git("-c", f"protocol.version={version}", "clone", sshd.url(name), git.new_folder("clone"), env=env)
    assert ("version 2" in output) == (version == 2)
    git("archive", "--format=tar", f"--remote={sshd.url(name)}", "-o", git.home / "out.tar", "main", env=env)
    assert b"a/b" in (git.home / "out.tar").read_bytes()


def test_the_file_is_written_as_kallithea_writes_it(instance: Instance, keys: dict[Person, Key], folder: Path) -> None:
    file = instance.folder / "dot ssh" / "authorized_keys"
    run_cli(instance, "ssh-update-authorized-keys")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    first, *lines = file.read_text().splitlines()
    assert first.startswith("# WARNING: This .ssh/authorized_keys file is managed by Kallithea.")
    options = "no-pty,no-port-forwarding,no-X11-forwarding,no-agent-forwarding"
    (alice,) = instance.rows(
        "SELECT user_id, user_ssh_key_id, public_key FROM user_ssh_keys JOIN users USING (user_id) WHERE username = 'alice'"
    )
    kind, key, _ = alice[2].split()
    ini = f"'{instance.config}'"
    assert lines[0] == f'{options},command="{folder}/kallithea-cli ssh-serve -c {ini} {alice[0]} {alice[1]}" {kind} {key}'

    before = file.read_text()
    file.write_text(before + "ssh-rsa AAAA somebody\n")
    done = run_cli(instance, "ssh-update-authorized-keys", check=False)
    assert done.returncode == 1 and f"Safety check failed, found 'ssh-rsa AAAA somebody' line in {file}" in done.stderr
    assert file.read_text() == before + "ssh-rsa AAAA somebody\n"
    file.write_text(before)


def run_cli(
    instance: Instance, command: str, *words: str, env: dict[str, str] | None = None, check: bool = True
) -> subprocess.CompletedProcess:
    cli = write_cli(instance.folder)
    argv = [cli, command, "-c", instance.config, *words]
    environment = {"PATH": os.defpath, "HOME": str(instance.folder), "LANG": "C.UTF-8"} | (env or {})
    return subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=120, check=check)


def test_five_thousand_keys(instance: Instance, sshd: Sshd, people: People, keys: dict[Person, Key]) -> None:
    """The file is written in a moment, and one key is found in it or without it."""
    import base64
    import hashlib
    import sqlite3

    def blob(number: int) -> bytes:
        name, key = b"ssh-ed25519", number.to_bytes(32, "big")
        return b"".join(len(part).to_bytes(4, "big") + part for part in (name, key))

    path = instance.prepare()["database"].removeprefix("sqlite:///").split("?")[0]
    rows = []
    for number in range(5000):
        encoded = base64.b64encode(blob(number)).decode()
        fingerprint = base64.b64encode(hashlib.sha256(blob(number)).digest()).decode().rstrip("=")
        rows.append((f"ssh-ed25519 {encoded} n{number}", f"n{number}", fingerprint))
    with sqlite3.connect(os.path.join(instance.folder, path), timeout=30) as connection:
        connection.executemany(
            "INSERT INTO user_ssh_keys (user_id, public_key, description, fingerprint, created_on) "
            "SELECT user_id, ?, ?, ?, '2024-01-01 00:00:00' FROM users WHERE username = 'bob'",
            rows,
        )
    try:
        start = time.monotonic()
        run_cli(instance, "ssh-update-authorized-keys")
        print(f"5 000 keys written in {time.monotonic() - start:.2f} s")
        file = instance.folder / "dot ssh" / "authorized_keys"
        assert len(file.read_text().splitlines()) == 5004
        assert "is not supported" in sshd.run(keys[people.writer], "ls").stderr

        kind, encoded, _ = keys[people.writer].public.split()
        start = time.monotonic()
        line = run_cli(instance, "ssh-authorized-keys", kind, encoded).stdout
        print(f"one of them found in {time.monotonic() - start:.2f} s")
        assert line in file.read_text() and line.endswith(f"{kind} {encoded}\n")
        assert run_cli(instance, "ssh-authorized-keys", kind, base64.b64encode(blob(7000)).decode()).stdout == ""
        assert run_cli(instance, "ssh-authorized-keys", "ssh-rsa", "nonsense").stdout == ""
    finally:
        with sqlite3.connect(os.path.join(instance.folder, path), timeout=30) as connection:
            connection.execute("DELETE FROM user_ssh_keys WHERE description LIKE 'n%'")
        run_cli(instance, "ssh-update-authorized-keys")


def test_sshd_asks_for_a_key(instance: Instance, folder: Path, people: People, keys: dict[Person, Key], sshd: Sshd) -> None:
    cli = write_cli(folder)
    asks = [
        "AuthorizedKeysFile none",
        f'AuthorizedKeysCommand {cli} ssh-authorized-keys -c "{instance.config}" %t %k',
        f"AuthorizedKeysCommandUser {sshd.user}",
    ]
    if os.getuid() != 0 or folder.stat().st_uid != 0:
        pytest.skip("sshd takes its command only from root")
    place = Path("/run/kallithea-test-cli")
    place.mkdir(mode=0o755, exist_ok=True)
    try:
        # Every folder above the command must belong to root and be writable for nobody else.
        asks[1] = asks[1].replace(str(cli), str(write_cli(place)))
        second = folder / "second-sshd"
        second.mkdir()
        with Sshd(second, asks) as running:
            refused = running.run(keys[people.writer], "ls")
            assert "is not supported" in refused.stderr, refused.stderr + running.log()
    finally:
        (place / "kallithea-cli").unlink()
        place.rmdir()
