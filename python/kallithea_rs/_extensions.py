"""The file ``extensions.py`` of an installation: load it, read its tables, and call what it defines."""

from __future__ import annotations

import importlib.util
import os
import sys
import traceback
from types import ModuleType
from typing import Any

from kallithea_rs import _kallithea

NAME = "extensions"


def load(path: str | os.PathLike[str], questions: _kallithea.Questions, settings: dict[str, str]) -> ModuleType:
    """Run the file as the module ``extensions``, so that it can be imported by what it imports itself."""
    path = os.fspath(path)
    packages = [path.rpartition("/")[0]] if path.endswith("/__init__.py") else None
    spec = importlib.util.spec_from_file_location(NAME, path, submodule_search_locations=packages)
    module = importlib.util.module_from_spec(spec)
    _kallithea.offer(questions, settings, module)
    sys.modules[NAME] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[NAME]
        raise
    return module


def call(module: ModuleType, name: str, arguments: dict[str, Any]) -> Any:
    """Call one of its functions. What it raises comes back as a `RuntimeError` with the whole story, also a `SystemExit`."""
    try:
        return getattr(module, name)(**arguments)
    except BaseException:
        raise RuntimeError(traceback.format_exc()) from None


Pairs = list[tuple[str, str]]


def tables(module: ModuleType) -> tuple[Pairs, Pairs, list[str], list[str]]:
    """What the file says about files: languages and lexers by the ending of a name, endings to index, further ones."""
    languages = []
    for ending, names in _table(module, "EXTRA_MAPPINGS", dict).items():
        # Several names for one ending: the first one is shown.
        name = names if isinstance(names, str) else next(iter(names), "")
        if name:
            languages.append((str(ending), str(name)))
    lexers = [(str(ending), str(lexer)) for ending, lexer in _table(module, "EXTRA_LEXERS", dict).items()]
    index, extra = ([str(e) for e in _table(module, name, list)] for name in ("INDEX_EXTENSIONS", "EXTRA_INDEX_EXTENSIONS"))
    return languages, lexers, index, extra


def _table(module: ModuleType, name: str, kind: type) -> Any:
    found = getattr(module, name, None)
    if found is None:
        return kind()
    if kind is list and isinstance(found, (tuple, set, frozenset)):
        return list(found)
    if not isinstance(found, kind):
        raise TypeError(f"{name} must be a {kind.__name__}, not {type(found).__name__}")
    return found
