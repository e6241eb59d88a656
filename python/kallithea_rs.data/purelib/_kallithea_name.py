"""The name ``kallithea``, where the ini file of a Kallithea instance says it to PasteDeploy and to Python's logging.

``use = egg:kallithea`` asks for an installed distribution of that name, and ``class =
kallithea.lib.colored_formatter.ColorFormatter`` for a module of it, both before anything of kallithea_rs is imported. So
every Python of this environment reads this file when it starts (``kallithea_rs.pth``), and nothing more than this: who asks
for the name finds kallithea-rs behind it, unless Kallithea itself is installed beside it, which is found first.
"""

import sys


class _Finder:
    @staticmethod
    def find_spec(fullname, path=None, target=None):
        if fullname not in ("kallithea", "kallithea.lib", "kallithea.lib.colored_formatter"):
            return None
        from importlib.machinery import ModuleSpec

        package = fullname != "kallithea.lib.colored_formatter"
        return ModuleSpec(fullname, _Finder, is_package=package)

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        if module.__name__ == "kallithea.lib.colored_formatter":
            module.ColorFormatter = module.ColorFormatterSql = _color_formatter()

    @staticmethod
    def find_distributions(context=None):
        if (getattr(context, "name", None) or "").lower() == "kallithea":
            from importlib.metadata import distribution

            yield distribution("kallithea-rs")


def _color_formatter():
    import logging

    colors = {
        logging.CRITICAL: "35",
        logging.ERROR: "31",
        logging.WARNING: "33",
        logging.INFO: "32",
        logging.DEBUG: "36",
    }

    class ColorFormatter(logging.Formatter):
        """Colours the line by its level. (The original's second one, for SQL, has no other work here: no SQL is logged.)"""

        def format(self, record):
            line = super().format(record)
            color = colors.get(record.levelno)
            return f"\033[{color}m{line}\033[0m" if color else line

    return ColorFormatter


sys.meta_path.append(_Finder)
