"""The benchmark: `make bench`, or `python tests/bench/bench.py --help`. README.md tells what its figures mean."""
