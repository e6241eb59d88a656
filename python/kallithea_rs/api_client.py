"""``kallithea-api``: calls a method of the JSON-RPC API from the command line.

    kallithea-api --apihost=https://code.example.com --apikey=KEY --save-config
    kallithea-api get_repo repoid:tools/build
    kallithea-api create_repo repo_name:new private:=true

``key:value`` sends a text, ``key:=value`` any JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

CONFIG = os.path.join("~", ".config", "kallithea")
PRETTY, JSON = "pretty", "json"


class RpcError(Exception):
    """The server understood the call and refuses it; the text says why."""


class Remote:
    """A server and the key of an account there."""

    def __init__(self, host: str, key: str):
        self.host = host.rstrip("/")
        self.key = key

    def call(self, method: str, arguments: dict[str, Any]) -> Any:
        """Call a method and return its result."""
        # Most of the time of a start would go into this, also of one that only prints help.
        import urllib.error
        import urllib.request

        number = 1 + int.from_bytes(os.urandom(4), "big") % 9998
        body = json.dumps({"id": number, "api_key": self.key, "method": method, "args": arguments}).encode()
        request = urllib.request.Request(f"{self.host}/_admin/api", body, {"content-type": "text/plain"})
        try:
            with urllib.request.urlopen(request, timeout=600) as answer:
                text = answer.read().decode("utf-8")
        except urllib.error.HTTPError as error:
            raise OSError(f"{self.host} answered {error.code} {error.reason}") from error
        except urllib.error.URLError as error:
            raise OSError(f"{self.host} cannot be reached: {error.reason}") from error
        try:
            reply = json.loads(text)
            error, result, answered = reply["error"], reply["result"], reply["id"]
        except (ValueError, KeyError, TypeError) as problem:
            raise OSError(f"{self.host} did not answer as the API does: {text[:200]!r}") from problem
        if answered != number:
            raise OSError(f"the answer is for call {answered!r}, expected one for {number}")
        if error:
            raise RpcError(str(error))
        return result


def parser(program: str, usage: str, description: str) -> argparse.ArgumentParser:
    """A parser with what both clients understand."""
    made = argparse.ArgumentParser(
        prog=program, usage=usage, description=description, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--format", choices=[PRETTY, JSON], default=PRETTY, help="how the answer is printed (%(default)s)")
    made.add_argument("--apikey", help="key of an account: its page 'API Keys' shows it")
    made.add_argument("--apihost", help="address of the server, as https://code.example.com")
    made.add_argument("--config", default=CONFIG, help="where key and address are kept (%(default)s)")
    made.add_argument("--save-config", action="store_true", help="keep key and address for the next time, and end")
    return made


def remote(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> Remote | None:
    """The server that is meant; None after the configuration was saved."""
    path = os.path.expanduser(arguments.config)
    if arguments.save_config:
        if not (arguments.apikey and arguments.apihost):
            parser.error("--save-config requires --apikey and --apihost")
        _save(path, {"apikey": arguments.apikey, "apihost": arguments.apihost})
        return None
    kept: dict[str, str] = {}
    if os.path.isfile(path):
        try:
            with open(path, encoding="utf-8") as file:
                kept = json.load(file)
            kept = {name: str(kept[name]) for name in ("apikey", "apihost") if kept.get(name)}
        except (ValueError, AttributeError, TypeError) as error:
            parser.error(f'{path}: expected {{"apikey": …, "apihost": …}}: {error}')
    key, host = arguments.apikey or kept.get("apikey"), arguments.apihost or kept.get("apihost")
    if not (key and host):
        parser.error("Could not find config file and missing --apikey or --apihost in params")
    return Remote(host, key)


def _save(path: str, values: dict[str, str]) -> None:
    os.makedirs(os.path.dirname(path) or ".", mode=0o700, exist_ok=True)
    word = "Updated" if os.path.exists(path) else "Created new"
    draft = f"{path}.{os.getpid()}"
    # The key opens everything that its account may do.
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(values, file, indent=4)
        file.write("\n")
    os.replace(draft, path)
    print(f"{word} config in {path}")


def values(words: list[str], parser: argparse.ArgumentParser) -> dict[str, Any]:
    """The arguments of a call from ``key:text`` and ``key:=json``."""
    found: dict[str, Any] = {}
    for word in words:
        name, colon, value = word.partition(":")
        if not (name and colon):
            parser.error(f"Error parsing arguments: expected key:value or key:=json, found {word!r}")
        if value.startswith("="):
            try:
                found[name] = json.loads(value[1:])
            except ValueError as error:
                parser.error(f"Error parsing arguments: {word!r} is no JSON behind the '=': {error}")
        else:
            found[name] = value
    return found


def main() -> int:
    usage = (
        "%(prog)s [-h] [--format=FORMAT] [--apikey=APIKEY] [--apihost=APIHOST] [--config=CONFIG] [--save-config] [--strict-exit] "
        "METHOD <key:val> <key2:val> ..."
    )
    options = parser("kallithea-api", usage, __doc__ or "")
    options.add_argument("--strict-exit", action="store_true", help="end with 1 when the server refuses the call (0 without this)")
    options.add_argument("method", nargs="?", metavar="METHOD", help="name of the method; '/_admin/api' on the server shows them all")
    options.add_argument("arguments", nargs="*", metavar="key:val", help="its arguments")
    given = options.parse_intermixed_args()
    server = remote(given, options)
    if server is None:
        return 0
    if not given.method:
        options.error("Please specify method name")
    arguments = values(given.arguments, options)
    if given.format == PRETTY:
        print(f"Calling method {given.method} => {server.host}")
    code = 0
    try:
        answer = server.call(given.method, arguments)
        shown = json.dumps(answer, indent=4, sort_keys=True)
    except RpcError as error:
        answer, shown, code = str(error), f'ERROR:"{error}"', int(given.strict_exit)
    except OSError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(json.dumps(answer) if given.format == JSON else f"Server response \n{shown}")
    return code


if __name__ == "__main__":
    sys.exit(main())
