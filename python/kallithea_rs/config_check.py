"""Look at an ini file: ``python -m kallithea_rs.config_check my.ini``.

Prints what there is to say about it, one line each with its number, and ends with 1 when the application would not start.
"""

from __future__ import annotations

import sys

from kallithea_rs import _native


def main() -> int:
    if len(sys.argv) != 2:
        print(f"usage: {sys.argv[0]} my.ini", file=sys.stderr)
        return 2
    wrong = False
    for line, severity, message in _native.check_config(sys.argv[1]):
        place = f"{sys.argv[1]}, line {line}" if line else sys.argv[1]
        print(f"{place}: {severity}: {message}")
        wrong = wrong or severity == "error"
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
