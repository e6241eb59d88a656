"""The file ``extensions.py`` of an installation: load it, read its tables, and call what it defines."""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import ModuleType

from kallithea_rs import _kallithea

# Loaded by every connection over SSH.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Pairs: TypeAlias = list[tuple[str, str]]

NAME = "extensions"


def load(path: str | os.PathLike[str], questions: _kallithea.Questions, settings: dict[str, str]) -> ModuleType:
    """Run the file as the module ``extensions``, so that it can be imported by what it imports itself."""
    path = os.fspath(path)
    # What `importlib.util` makes of them, which would have to be loaded itself.
    loader = SourceFileLoader(NAME, path)
    spec = ModuleSpec(NAME, loader, origin=path, is_package=path.endswith("/__init__.py"))
    spec.has_location = True
    module = ModuleType(NAME)
    module.__spec__, module.__loader__, module.__file__, module.__package__ = spec, loader, path, spec.parent
    if spec.submodule_search_locations is not None:
        spec.submodule_search_locations.append(path.rpartition("/")[0])
        module.__path__ = spec.submodule_search_locations
    _kallithea.offer(questions, settings, module)
    sys.modules[NAME] = module
    try:
        loader.exec_module(module)
    except BaseException:
        del sys.modules[NAME]
        raise
    return module


def call(module: ModuleType, name: str, arguments: dict[str, Any]) -> Any:
    """Call one of its functions. What it raises comes back as a `RuntimeError` with the whole story, also a `SystemExit`."""
    try:
        return getattr(module, name)(**arguments)
    except BaseException:
        import traceback

        raise RuntimeError(traceback.format_exc()) from None


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
