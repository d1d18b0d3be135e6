"""Prints how many seconds `django.setup()` takes in a fresh process: of the clock, and of the processor."""

import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
clock, processor = time.perf_counter(), time.process_time()
django.setup()
sys.stdout.write(f"{time.perf_counter() - clock} {time.process_time() - processor}\n")
