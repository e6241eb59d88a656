"""What `hg` runs after a push in the name of Kallithea's own rows of the table `ui`."""

import os


def _size(folder):
    """The bytes of all files below a folder."""
    whole = 0
    folders = [folder]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    else:
                        whole += entry.stat(follow_symlinks=False).st_size
        except OSError:
            # Gone meanwhile, or not ours to read: a size is not worth a failure.
            continue
    return whole


def _shown(size):
    if size < 1000:
        return b"%d B" % size
    for unit in (b"kB", b"MB", b"GB", b"TB"):
        size /= 1000
        if size < 999.95 or unit == b"TB":
            return b"%.1f %s" % (size, unit)


def repo_size(ui, repo, **kwargs):
    history, whole = _size(repo.path), _size(repo.root)
    last = repo[len(repo) - 1]
    ui.status(
        b"Repository size .hg: %s Checkout: %s Total: %s\n" % (_shown(history), _shown(whole - history), _shown(whole))
    )
    ui.status(b"Last revision is now r%d:%s\n" % (last.rev(), last.hex()[:12]))


def update(ui, repo, **kwargs):
    from mercurial import hg

    # Who has pushed has no use for the count of files.
    ui.pushbuffer(error=True, subproc=True)
    try:
        hg.updatetotally(ui, repo, None, None)
    finally:
        ui.popbuffer()
