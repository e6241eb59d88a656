"""nginx in front of gunicorn, from examples/nginx."""

from __future__ import annotations

from pathlib import Path

from harness import Browser, Git, Hg, Instance, Server, gunicorn
from harness.instance import ADMIN
from harness.journey import everything
from harness.servers import free_port, from_example

NGINX = """\
daemon off;
worker_processes 2;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/kallithea.conf;
}}
"""


class Proxied(Server):
    """nginx, with the log of the server behind it."""

    behind: Server

    def log(self) -> str:
        return super().log() + self.behind.log()


def test_nginx_in_front_of_gunicorn(folder: Path, git: Git, hg: Hg) -> None:
    instance = Instance(folder, from_example(folder, "nginx/kallithea.ini", {}))
    with gunicorn(instance) as behind:
        port = free_port()
        from_example(
            folder,
            "nginx/kallithea.conf",
            {"listen 80": f"listen 127.0.0.1:{port}", "127.0.0.1:5000": f"127.0.0.1:{behind.port}"},
        )
        config = folder / "nginx.conf"
        config.write_text(NGINX.format(folder=folder))
        with Proxied(["/usr/sbin/nginx", "-e", "stderr", "-p", folder, "-c", config], folder=folder, port=port) as server:
            server.behind = behind
            everything(server, instance, git, hg)

    addresses = instance.rows("SELECT DISTINCT user_ip FROM user_logs WHERE action = 'pull'")
    assert addresses == [("127.0.0.1",)]
    with gunicorn(instance) as behind:
        browser = Browser(behind.url)
        browser.session.headers.update({"X-Forwarded-Proto": "https", "Referer": "https://127.0.0.1/"})
        page = browser.get("/_admin/login")
        assert "secure" in page.headers["Set-Cookie"].lower(), page.headers
        assert ADMIN.name not in page.text
