"""Reads a backup by what docs/format.md says, and by nothing else: `format_reader.py FILE [CHUNK]`.

Prints the manifest, or one decompressed chunk.
"""

import gzip
import hashlib
import json
import struct
import sys
from pathlib import Path
from typing import Any, BinaryIO

GZIP_HIDDEN = bytes.fromhex("1f8b08040000000000ff")
GZIP_EMPTY = bytes.fromhex("03000000000000000000")
ZSTD_HIDDEN = bytes.fromhex("572a4d18")
TRAILER = struct.Struct("<8sIQQ32s")


def decompress(data: bytes, codec: str) -> bytes:
    """One chunk, or the manifest."""
    if codec == "gzip":
        return gzip.decompress(data)
    from compression import zstd

    return zstd.decompress(data)


def unwrap(data: bytes) -> tuple[str, bytes, bytes]:
    """The codec, what one hidden block holds, and what follows it."""
    if data.startswith(ZSTD_HIDDEN):
        end = 8 + int.from_bytes(data[4:8], "little")
        return "zstd", data[8:end], data[end:]
    size = int.from_bytes(data[14:16], "little")
    end = 16 + size
    assert data[:10] == GZIP_HIDDEN and data[12:14] == b"HF" and data[end : end + 10] == GZIP_EMPTY
    assert int.from_bytes(data[10:12], "little") == size + 4
    return "gzip", data[16:end], data[end + 10 :]


def trailer(file: BinaryIO, size: int) -> tuple[str, int, int, bytes]:
    """The codec, and the manifest part's offset, size and SHA-256."""
    file.seek(max(size - 86, 0))
    end = file.read()
    for stored in (end[-86:], end[-68:]):
        if stored.startswith((GZIP_HIDDEN, ZSTD_HIDDEN)):
            codec, data, rest = unwrap(stored)
            if not rest and len(data) == TRAILER.size:
                magic, version, offset, length, sha256 = TRAILER.unpack(data)
                assert magic == b"HOLDFAST" and version == 1 and offset + length + len(stored) == size
                return codec, offset, length, sha256
    sys.exit("not a backup, or cut off")


def manifest(file: BinaryIO, size: int) -> dict[str, Any]:
    """The embedded manifest."""
    codec, offset, length, sha256 = trailer(file, size)
    file.seek(offset)
    part = file.read(length)
    assert hashlib.sha256(part).digest() == sha256
    text = b""
    while part:
        _, piece, part = unwrap(part)
        text += piece
    return json.loads(decompress(text, codec))


def main(path: str, chunk: str | None = None) -> None:
    """Print the manifest or a chunk."""
    with Path(path).open("rb") as file:
        document = manifest(file, Path(path).stat().st_size)
        if chunk is None:
            print(json.dumps(document))
            return
        entry = document["chunks"][int(chunk)]
        file.seek(entry["offset"])
        raw = decompress(file.read(entry["size"]), document["codec"]["name"])
    assert len(raw) == entry["raw_size"] and hashlib.sha256(raw).hexdigest() == entry["sha256"]
    sys.stdout.buffer.write(raw)


if __name__ == "__main__":
    main(*sys.argv[1:])
