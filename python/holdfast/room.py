"""The disk of a folder that may not be there yet."""

import shutil
from pathlib import Path


def standing(folder: Path) -> Path:
    """Give the folder, or the nearest one above it that exists."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def free_bytes(folder: Path) -> int:
    """Tell how much could be written there."""
    return shutil.disk_usage(standing(folder)).free
