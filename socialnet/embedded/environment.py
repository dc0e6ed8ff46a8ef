"""What the processes are told: the caller's environment, then .env beside the checkout, then what fits a laptop."""

import base64
import os
import re
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from .errors import StartError
from .home import Home

ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")


def read_env_file(path: Path) -> dict[str, str]:
    """NAME=value lines; quotes around a value are taken off, `#` starts a comment."""
    if not path.exists():
        return {}
    found = {}
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = ASSIGNMENT.fullmatch(line.strip())
        if not match:
            raise StartError(f"Line {number} of {path} is not NAME=value: mend it.")
        found[match[1]] = _unquoted(match[2])
    return found


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] in "'\"" and value.endswith(value[0]):
        return value[1:-1]
    return re.split(r"\s+#", value)[0].strip()


def load_env_file(path: Path) -> None:
    """Put what `path` says under what the caller said."""
    for name, value in read_env_file(path).items():
        os.environ.setdefault(name, value)


def laptop_settings(home: Home, port: int) -> dict[str, str]:
    return {
        "SOCIALNET_HOME": str(home.path),
        "SECRET_KEY": secret_key(home.secret_key),
        "VAPID_PRIVATE_KEY": vapid_key(home.vapid_key),
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "LIVE_URL": f"ws://127.0.0.1:{port + 1}/ws/",
        "MEDIA_ROOT": str(home.path / "media"),
        "MAIL_BOX": str(home.path / "mail"),
        "EMAIL_URL": "consolemail://",
        "LOG_FORMAT": "pretty",
        "PROMETHEUS_MULTIPROC_DIR": str(home.metrics),
    }


def filled_in(given: Mapping[str, str], defaults: Mapping[str, str]) -> dict[str, str]:
    """`given`, and `defaults` where nothing (or an empty string) was given."""
    return {**given, **{name: value for name, value in defaults.items() if not given.get(name)}}


def secret_key(path: Path) -> str:
    """Signs cookies and links."""
    return _made_once(path, lambda: secrets.token_urlsafe(50))


def vapid_key(path: Path) -> str:
    """By which push services know this site: PKCS#8 in base64, as `manage.py vapid_key` prints it."""
    return _made_once(path, _new_vapid_key)


def _new_vapid_key() -> str:
    from cryptography.hazmat.primitives.asymmetric import ec  # some megabytes, at the first start only
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    packed = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _made_once(path: Path, make: Callable[[], str]) -> str:
    """Readable by us alone."""
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(make())
    return path.read_text().strip()
