"""SQLite files of the news site, made once and kept in the cache."""

import gzip
import shutil
from pathlib import Path
from tempfile import mkdtemp

from news_site import CACHE, Site, check_size, fill

# Megabytes of a file with `scale` 1, indexes included.
_MEGABYTES = 1295


def open_site(megabytes: float, work: Path) -> Site:
    """A site on a copy-on-demand of the cached file; the cached file itself is only read."""
    return Site(database(cached(megabytes)), work / "backups")


def database(file: Path) -> dict[str, object]:
    """Django's settings of a file."""
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file)}


def cached(megabytes: float) -> Path:
    """The file of about this size; it takes its name when it is complete."""
    file = CACHE / f"news-{megabytes:g}.sqlite3"
    if not file.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        folder = Path(mkdtemp(dir=CACHE))
        draft = folder / "news.sqlite3"
        Site(database(draft), folder / "backups").migrate()
        fill("sqlite", str(draft), megabytes / _MEGABYTES)
        draft.rename(file)
        shutil.rmtree(folder)
    check_size(str(file), file.stat().st_size, megabytes * 1e6)
    return file


def gzip_ratio(file: Path) -> float:
    """How well a sample from all over the file compresses."""
    size, pieces, length = file.stat().st_size, 16, 1 << 20
    with file.open("rb") as opened:
        sample = b""
        for piece in range(pieces):
            opened.seek(piece * size // pieces)
            sample += opened.read(length)
    return len(sample) / len(gzip.compress(sample, 1))
