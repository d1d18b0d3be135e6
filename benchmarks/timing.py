"""Measures programs: wall time, processor time and peak memory, contenders taking turns."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

# What the kernel counts reads in.
BLOCK = 512


class ProgramFailed(Exception):
    """A measured program failed; the text holds what it printed."""


@dataclass(frozen=True)
class Sample:
    """What one run took; `processor_seconds` are those of the program and of all that it started.

    `disk_bytes` were read from the disk, not from the system's cache.
    """

    wall_seconds: float
    processor_seconds: float
    peak_bytes: int
    disk_bytes: int = 0

    def __add__(self, other: "Sample") -> "Sample":
        """One program after the other."""
        return Sample(
            self.wall_seconds + other.wall_seconds,
            self.processor_seconds + other.processor_seconds,
            max(self.peak_bytes, other.peak_bytes),
            self.disk_bytes + other.disk_bytes,
        )

    def __str__(self) -> str:
        """Seconds of both kinds."""
        return f"{self.wall_seconds:.2f} s ({self.processor_seconds:.1f} CPU)"


@dataclass(frozen=True)
class Contender:
    """One way to do the work; `prepare` and `tidy` are not measured."""

    work: Callable[[], Sample]
    prepare: Callable[[], object] = lambda: None
    tidy: Callable[[], object] = lambda: None


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Sample:
    """Run a program to its end.

    The kernel hands the peak of the parent down to the child, so this process has to stay small: whatever needs
    memory here would show as memory of the measured program.
    """
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env={**os.environ, **(environment or {})}
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall_seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            output.seek(0)
            raise ProgramFailed(f"{' '.join(command)}\n{output.read().decode(errors='replace')}")
    return Sample(wall_seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, usage.ru_inblock * BLOCK)


def alternate(contenders: Sequence[Contender], rounds: int) -> list[Sample]:
    """Let the contenders take turns, so that whatever else the machine does hits all; give the medians of each."""
    samples: list[list[Sample]] = [[] for _ in contenders]
    for _ in range(rounds):
        for contender, own in zip(contenders, samples, strict=True):
            contender.prepare()
            own.append(contender.work())
            contender.tidy()
    return [_median(own) for own in samples]


def _median(samples: Sequence[Sample]) -> Sample:
    return Sample(
        median(sample.wall_seconds for sample in samples),
        median(sample.processor_seconds for sample in samples),
        max(sample.peak_bytes for sample in samples),
        max(sample.disk_bytes for sample in samples),
    )
