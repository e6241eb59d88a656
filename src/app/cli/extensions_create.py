"""Code of your own that Kallithea calls when something has happened.

This file lies beside the ini file and is read when the server starts; start it again after a change. A function that is
not needed may be deleted. Each takes keyword arguments; ``**kwargs`` lets it go on working should there be more of them.
An exception is written to the log.
"""

# Names of languages by the ending of a file, for statistics: {"pde": ["Processing"]}
EXTRA_MAPPINGS = {}

# Names of highlighters by the ending of a file: {"pde": "java"}
EXTRA_LEXERS = {}

# Endings of files whose content is searched: in place of the usual ones, and besides them.
INDEX_EXTENSIONS = []
EXTRA_INDEX_EXTENSIONS = []


def PUSH_HOOK(*, config, scm, username, ip, action, repository, pushed_revs, **kwargs):
    """After changesets have arrived.

    ``config`` is the path of the ini file, ``scm`` is ``hg`` or ``git``, ``repository`` the full name, ``pushed_revs`` the
    list of the new changesets.
    """


def PULL_HOOK(*, config, scm, username, ip, action, repository, **kwargs):
    """After somebody has fetched."""


def CREATE_REPO_HOOK(*, repo_name, repo_type, description, private, created_on, owner_id, created_by, **kwargs):
    """After a repository was made. Every column of its row is an argument."""


def DELETE_REPO_HOOK(*, repo_name, repo_type, owner_id, deleted_by, deleted_on, **kwargs):
    """After a repository was deleted; ``deleted_on`` is in seconds since 1970."""


def PRE_CREATE_USER_HOOK(*, username, password, email, firstname, lastname, active, admin, created_by, **kwargs):
    """Before an account is made. Whether it may be, and if not, why."""
    return True, ""


def CREATE_USER_HOOK(*, username, email, firstname, lastname, active, admin, created_by, **kwargs):
    """After an account was made."""


def DELETE_USER_HOOK(*, username, email, firstname, lastname, deleted_by, **kwargs):
    """After an account was deleted."""


def CREATE_PULLREQUEST_HOOK(*, title, description, created_by, **kwargs):
    """After a pull request was made."""
