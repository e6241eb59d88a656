"""``kallithea-gist``: puts a file, or what comes through a pipe, on the server as a gist.

    kallithea-gist notes.txt
    make 2>&1 | kallithea-gist --private -d "it does not build" -
"""

from __future__ import annotations

import json
import os
import sys

from kallithea_rs.api_client import JSON, RpcError, parser, remote

FROM_PIPE = "gistfile1.txt"


def _read(name: str | None) -> tuple[str, bytes] | None:
    """The name and the content of what is sent; nothing when somebody sits at a terminal and named no file."""
    if name and name != "-":
        with open(name, "rb") as file:
            return os.path.basename(name), file.read()
    if name is None and sys.stdin.isatty():
        return None
    return FROM_PIPE, sys.stdin.buffer.read()


def main() -> int:
    usage = (
        "%(prog)s [-h] [--format=FORMAT] [--apikey=APIKEY] [--apihost=APIHOST] [--config=CONFIG] [--save-config] "
        "[-p] [-f FILENAME] [-d DESCRIPTION] [-l MINUTES] [filename or - for stdin]"
    )
    options = parser("kallithea-gist", usage, __doc__ or "")
    options.add_argument("-p", "--private", action="store_true", help="only who knows its address sees it")
    options.add_argument("-f", "--filename", help="the name it has on the server")
    options.add_argument("-d", "--description", default="", help="what it is")
    options.add_argument("-l", "--lifetime", metavar="MINUTES", type=int, default=-1, help="minutes until it goes away (-1: never)")
    options.add_argument("file", nargs="?", metavar="filename or -", help="the file; '-' is standard input")
    given = options.parse_intermixed_args()
    server = remote(given, options)
    if server is None:
        return 0
    try:
        found = _read(given.file)
        if found is None:
            return 0
        name, content = found
        if b"\0" in content:
            raise ValueError("Error: binary files upload is not possible")
        name = os.path.basename(given.filename or name) or FROM_PIPE
        arguments = {
            "lifetime": given.lifetime,
            "description": given.description,
            "gist_type": "private" if given.private else "public",
            "files": {name: {"content": content.decode("utf-8"), "lexer": None}},
        }
        result = server.call("create_gist", arguments)
        gist = result["gist"]
    except (OSError, RpcError, ValueError, KeyError, TypeError) as error:
        print(error, file=sys.stderr if given.format == JSON else sys.stdout)
        return 1
    if given.format == JSON:
        print(json.dumps(result))
    else:
        print(result)
        print(f"Created {gist['type']} gist {gist['url']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
