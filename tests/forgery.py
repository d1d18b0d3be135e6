"""Backups as another program might have written them: the statements of one, changed, in a file that is whole again."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.format_reader import GZIP_EMPTY, GZIP_HIDDEN, TRAILER, manifest

# What an object's statements become; the object is as the manifest has it.
Change = Callable[[dict[str, Any], str], str]

BLOCK = 65_000


def forged(backup: Path, folder: Path, change: Change) -> Path:
    """Write a backup, which is compressed by gzip, with other statements under its name into a folder."""
    with backup.open("rb") as file:
        document = manifest(file, backup.stat().st_size)
        chunks: list[bytes] = []
        for chunk in document["chunks"]:
            file.seek(chunk["offset"])
            chunks.append(gzip.decompress(file.read(chunk["size"])))
    for index, raw in enumerate(chunks):
        objects = [entry for entry in document["objects"] if entry["chunk"] == index]
        chunks[index] = _changed(raw, objects, change)
    folder.mkdir(exist_ok=True)
    target = folder / backup.name
    target.write_bytes(_file(document, chunks))
    return target


def redescribed(backup: Path, folder: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Path:
    """Write a backup, which is compressed by gzip, with another manifest under its name into a folder."""
    with backup.open("rb") as file:
        document = manifest(file, backup.stat().st_size)
        end = sum(chunk["size"] for chunk in document["chunks"])
        file.seek(0)
        stored = file.read(end)
    folder.mkdir(exist_ok=True)
    target = folder / backup.name
    target.write_bytes(_with_manifest(stored, change(document)))
    return target


def _changed(raw: bytes, objects: list[dict[str, Any]], change: Change) -> bytes:
    done, place = b"", 0
    for entry in objects:
        start, end = entry["offset"], entry["offset"] + entry["size"]
        sql = change(entry, raw[start:end].decode()).encode()
        done += raw[place:start]
        entry |= {"offset": len(done), "size": len(sql)}
        done, place = done + sql, end
    return done + raw[place:]


def _file(document: dict[str, Any], chunks: list[bytes]) -> bytes:
    stored = b""
    raw_offset = 0
    for entry, raw in zip(document["chunks"], chunks, strict=True):
        member = gzip.compress(raw, mtime=0)
        entry |= {"offset": len(stored), "size": len(member), "raw_offset": raw_offset, "raw_size": len(raw)}
        entry["sha256"] = hashlib.sha256(raw).hexdigest()
        stored, raw_offset = stored + member, raw_offset + len(raw)
    document |= {"raw_size": raw_offset, "chunks_sha256": hashlib.sha256(stored).hexdigest()}
    return _with_manifest(stored, document)


def _with_manifest(stored: bytes, document: dict[str, Any]) -> bytes:
    text = gzip.compress(json.dumps(document).encode(), mtime=0)
    part = b"".join(_hidden(text[start : start + BLOCK]) for start in range(0, len(text), BLOCK))
    trailer = TRAILER.pack(b"HOLDFAST", 1, len(stored), len(part), hashlib.sha256(part).digest())
    return stored + part + _hidden(trailer)


def _hidden(data: bytes) -> bytes:
    size = len(data)
    return GZIP_HIDDEN + (size + 4).to_bytes(2, "little") + b"HF" + size.to_bytes(2, "little") + data + GZIP_EMPTY
