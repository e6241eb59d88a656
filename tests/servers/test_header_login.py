"""nginx asks for the password and tells us in a header who it let in."""

from __future__ import annotations

from pathlib import Path

from harness import Browser, Git, Instance, Server, gunicorn
from harness.instance import ADMIN
from harness.servers import free_port

NGINX = """\
daemon off;
worker_processes 1;
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
    server {{
        listen 127.0.0.1:{port};
        auth_basic "Example";
        auth_basic_user_file {folder}/passwords;
        location / {{
            proxy_pass http://127.0.0.1:{behind};
            proxy_set_header Host $http_host;
            # Set, not added: what a client claims about itself does not count.
            proxy_set_header X-Forwarded-User $remote_user;
            proxy_set_header Authorization "";
        }}
    }}
}}
"""
SOURCES = "kallithea.lib.auth_modules.auth_internal,kallithea.lib.auth_modules.auth_container"


def test_people_come_in_by_the_web_server_and_by_no_other_way(folder: Path, git: Git) -> None:
    ini = folder / "kallithea.ini"
    ini.write_text("[app:main]\nuse = egg:kallithea-rs\n")
    instance = Instance(folder, ini)
    instance.prepare()
    instance.create_user(ADMIN, admin=True)
    instance.create_repository(ADMIN, "site", "git")
    with gunicorn(instance, workers=2) as behind:
        admin = Browser(behind.url)
        admin.log_in(ADMIN)
        fields = {"auth_plugins": SOURCES, "auth_internal_enabled": "True", "auth_container_enabled": "True"}
        fields |= {"auth_container_header": "HTTP_X_FORWARDED_USER", "auth_container_clean_username": "True"}
        for _ in range(2):  # what is listed by one post has its settings in the next
            assert admin.post("/_admin/auth", fields).status == 302
        admin.anonymous_access(False)

        (folder / "passwords").write_text("ada:{PLAIN}ada-password\n")
        port = free_port()
        config = folder / "nginx.conf"
        config.write_text(NGINX.format(folder=folder, port=port, behind=behind.port))
        # nginx asks for a password before it answers anything; that is an answer, too.
        with Server(["/usr/sbin/nginx", "-e", "stderr", "-p", folder, "-c", config], folder=folder, port=port) as nginx:
            assert Browser(nginx.url).get("/").status == 401
            ada = Browser(nginx.url)
            ada.session.auth = ("ada", "ada-password")
            ada.session.headers["X-Forwarded-User"] = ADMIN.name  # nginx sets its own
            page = ada.get("/_admin/my_account")
            assert page.status == 200 and 'value="ada"' in page.response.text and "Sign out" not in page.text, page
            git("ls-remote", f"http://ada:ada-password@127.0.0.1:{port}/site")
        assert instance.rows("SELECT extern_type, active FROM users WHERE username = 'ada'") == [("container", 1)]

    ini.write_text("[app:main]\nuse = egg:kallithea-rs\ntrusted_proxies = 192.0.2.10\n")
    with gunicorn(instance, workers=1) as behind:
        forged = Browser(behind.url)
        forged.session.headers["X-Forwarded-User"] = "ada"
        assert forged.get("/_admin/my_account").status == 302
        assert "is not believed" in behind.log()
