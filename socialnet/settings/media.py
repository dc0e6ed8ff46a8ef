"""Where files are kept and how they reach people, read from MEDIA_STORAGE_URL and MEDIA_DELIVERY."""

from importlib.util import find_spec
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

DELIVERIES = ("django", "nginx", "storage")


def place_of(url: str) -> dict[str, object]:
    """The default storage: the disk below MEDIA_ROOT, or the bucket at s3://key:secret@host/bucket?region=…"""
    if not url:
        return {"BACKEND": "socialnet.kernel.storage.Disk", "OPTIONS": {"allow_overwrite": True}}
    parts = _split(url)
    if not (find_spec("storages") and find_spec("boto3")):
        raise ImproperlyConfigured(
            "MEDIA_STORAGE_URL names a bucket, and django-storages[s3] is not installed: install requirements-prod.txt."
        )
    return {
        "BACKEND": "socialnet.kernel.bucket.Bucket",
        "OPTIONS": {
            "access_key": unquote(parts.username or ""),
            "secret_key": unquote(parts.password or ""),
            "endpoint_url": origin_of(url),
            "bucket_name": parts.path.strip("/"),
            "region_name": _option(parts, "region") or "us-east-1",
        },
    }


def origin_of(url: str) -> str:
    """Scheme, host and port that a bucket answers on; empty for the disk."""
    if not url:
        return ""
    parts = _split(url)
    scheme = "http" if _option(parts, "insecure") == "1" else "https"
    return f"{scheme}://{parts.netloc.rpartition('@')[2]}"


def delivery_of(wanted: str, *, url: str, serve_media: bool) -> str:
    """The way that was asked for if the storage knows it; without a wish, the one that fits."""
    fitting = "storage" if url else "django" if serve_media else "nginx"
    delivery = wanted or fitting
    if delivery not in DELIVERIES:
        raise ImproperlyConfigured(f"MEDIA_DELIVERY must be one of {', '.join(DELIVERIES)}.")
    if (delivery == "storage" and not url) or (delivery == "nginx" and url):
        raise ImproperlyConfigured(
            f"MEDIA_DELIVERY={delivery} does not fit where MEDIA_STORAGE_URL keeps files."
        )
    return delivery


def _split(url: str) -> SplitResult:
    parts = urlsplit(url)
    bucket = parts.path.strip("/")
    if (
        parts.scheme != "s3"
        or not (parts.hostname and parts.username and parts.password and bucket)
        or "/" in bucket
    ):
        raise ImproperlyConfigured("MEDIA_STORAGE_URL must read s3://key:secret@host/bucket?region=name.")
    return parts


def _option(parts: SplitResult, name: str) -> str:
    return parse_qs(parts.query).get(name, [""])[0]
