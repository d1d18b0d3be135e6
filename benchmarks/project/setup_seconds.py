"""Prints how many seconds `django.setup()` takes in a fresh process."""

import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
started = time.perf_counter()
django.setup()
sys.stdout.write(f"{time.perf_counter() - started}\n")
