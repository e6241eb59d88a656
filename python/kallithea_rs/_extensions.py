"""The file ``extensions.py`` of an installation: load it, and call what it defines."""

from __future__ import annotations

import importlib.util
import os
import sys
import traceback
from types import ModuleType
from typing import Any

NAME = "extensions"


def load(path: str | os.PathLike[str]) -> ModuleType:
    """Run the file as the module ``extensions``, so that it can be imported by what it imports itself."""
    path = os.fspath(path)
    packages = [path.rpartition("/")[0]] if path.endswith("/__init__.py") else None
    spec = importlib.util.spec_from_file_location(NAME, path, submodule_search_locations=packages)
    module = importlib.util.module_from_spec(spec)
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
