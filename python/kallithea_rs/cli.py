"""``kallithea-cli``: hands the command line to the compiled half."""

from __future__ import annotations

import os
import sys

# The module `signal` only makes enumerations of these, which takes longer than the rest of this file.
from _signal import SIG_DFL, SIGINT, signal

from kallithea_rs import _native

PUBLIC = os.path.join(os.path.dirname(os.path.abspath(__file__)), "public")


def main() -> int:
    # Python would only note Ctrl-C and wait for its own code to run again.
    signal(SIGINT, SIG_DFL)
    # What is printed on standard output is for programs; functions of an extensions.py may print, too.
    sys.stdout = sys.stderr
    return _native.cli(sys.argv[1:], os.path.abspath(sys.argv[0]), PUBLIC)


if __name__ == "__main__":
    sys.exit(main())
