"""Files in a bucket that speaks S3, behaving like a disk: what goes wrong is an OSError with its number.

Only imported when MEDIA_STORAGE_URL names one; needs requirements-prod.txt.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, ReadTimeoutError
from django.conf import settings
from django.core.files.base import ContentFile, File
from django.utils.encoding import filepath_to_uri
from storages.backends.s3 import S3Storage

from socialnet.kernel.storage import Batch, reaching

_FULL = (
    "quota",
    "storagefull",
    "insufficientstorage",
)  # in the error codes of MinIO, Ceph, Garage, SeaweedFS


@contextmanager
def asking() -> Iterator[None]:
    with reaching(), _like_a_disk():
        yield


@contextmanager
def _like_a_disk() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise _by_answer(error) from error
    except (ConnectTimeoutError, ReadTimeoutError) as error:
        raise TimeoutError(errno.ETIMEDOUT, type(error).__name__) from error
    except (BotoCoreError, Boto3Error) as error:
        raise OSError(errno.EIO, type(error).__name__) from error


def _by_answer(error: ClientError) -> OSError:
    """Its sentence may hold names of files and keys, its code does not."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if status == 507 or any(word in code.lower() for word in _FULL):
        return OSError(errno.EDQUOT, code)
    if status == 404 and code != "NoSuchBucket":
        return FileNotFoundError(errno.ENOENT, code)
    return OSError(errno.EIO, code)


class Bucket(S3Storage):
    """One request per call: 2 s to connect, 5 s to answer, one retry."""

    def __init__(self, **options: Any) -> None:
        options["client_config"] = Config(
            connect_timeout=2,
            read_timeout=5,
            retries={"mode": "standard", "total_max_attempts": 2},
            s3={"addressing_style": "path"},
            signature_version="s3v4",
            request_checksum_calculation="when_required",  # not every S3 knows the newer ones
            response_checksum_validation="when_required",
        )
        super().__init__(**options)

    def _save(self, name: str, content: "File[bytes]") -> str:
        data = b"".join(content.chunks())
        with asking():
            self._client.put_object(**self._key(name), Body=data, **self._get_write_parameters(name, content))
        return name

    def _open(self, name: str, mode: str = "rb") -> "File[Any]":
        with asking():
            answer = self._client.get_object(**self._key(name))
            return ContentFile(answer["Body"].read(), name=name)

    def exists(self, name: str) -> bool:
        try:
            with asking():
                self._client.head_object(**self._key(name))
        except FileNotFoundError:
            return False
        return True

    def delete(self, name: str) -> None:
        with asking():
            self._client.delete_object(**self._key(name))

    def url(self, name: str, *_ignored: Any, **_also: Any) -> str:
        """An address of ours: links of the bucket are short-lived and must not end up in pages that are kept."""
        return f"{settings.MEDIA_URL}{filepath_to_uri(name)}"

    def signed_url(self, name: str, *, content_type: str, seconds: int) -> str:
        shown = {"ResponseContentType": content_type, "ResponseContentDisposition": "inline"}
        return str(super().url(name, parameters=shown, expire=seconds))

    def batches(self, prefix: str) -> Iterator[Batch]:
        """Everything below `prefix` with the time it was written, a page of the listing at a time."""
        pages = iter(
            self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket_name, Prefix=prefix)
        )
        while True:
            with _like_a_disk():
                page = next(pages, None)
            if page is None:
                return
            yield [(entry["Key"], entry["LastModified"]) for entry in page.get("Contents", ())]

    @property
    def _client(self) -> Any:
        return self.connection.meta.client

    def _key(self, name: str) -> dict[str, str]:
        return {"Bucket": self.bucket_name, "Key": self._normalize_name(name)}
