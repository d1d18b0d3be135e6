#!/usr/bin/env python
"""Run Django's commands on the test project, from any directory."""

import os
import sys
from pathlib import Path


def main() -> None:
    """Put the repository on the path, then hand over to Django."""
    root = Path(__file__).resolve().parent.parent.parent
    # Python put this file's own folder first, where "catalog" and "postgres" would be top-level modules.
    sys.path[0] = str(root)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.project.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
