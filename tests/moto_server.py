"""Runs moto's server, whose answer about versions gets the root element that S3 documents and its SDK for Rust insists on."""

import sys
from typing import Any

from moto.s3.responses import S3Response
from moto.server import main

answer = S3Response.get_bucket_versioning


def as_documented(self: S3Response) -> Any:
    status, headers, body = answer(self)
    text = body.decode() if isinstance(body, bytes) else body
    return status, headers, text.replace("GetBucketVersioningResponse", "VersioningConfiguration")


S3Response.get_bucket_versioning = as_documented

if __name__ == "__main__":
    main(sys.argv[1:])
