"""Settings: read from the environment, each with a safe default; `.env.example` lists them all."""

import sys
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from socialnet.settings import limits, media

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parents[2]
HOME = Path(env("SOCIALNET_HOME", default=str(BASE_DIR / ".local")))


def required(name: str) -> str:
    """The value of `name`, or a stop with a sentence that names it."""
    value = env(name, default="")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set: start with script/server, or see .env.example.")
    return str(value)


DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = required("SECRET_KEY")
PUBLIC_URL = env("PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
LIVE_URL = env("LIVE_URL", default="ws://127.0.0.1:8001/ws/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
SECURE = PUBLIC_URL.startswith("https://")

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "django_filters",
    "corsheaders",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "channels",
    "socialnet.kernel",
    "socialnet.outbox",
    "accounts",
    "groups",
    "feeds",
    "interactions",
    "notifications",
    "discovery",
    "moderation",
]

MIDDLEWARE = [
    "socialnet.kernel.web.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "socialnet.kernel.web.ErrorMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.zones.TimeZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.entry.AdminEntryMiddleware",
    "socialnet.kernel.limits.WriteLimitMiddleware",
    "moderation.screening.refusals.RefusalsMiddleware",
]

ROOT_URLCONF = "socialnet.urls"
WSGI_APPLICATION = "socialnet.wsgi.application"
ASGI_APPLICATION = "socialnet.asgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "socialnet.kernel.web.frame",
                "accounts.context.person",
                "notifications.context.inbox",
                "discovery.context.trends",
            ],
        },
    }
]

# --- PostgreSQL: the application's role, and the role that migrates -------------------------------------

CONN_MAX_AGE = env.int("CONN_MAX_AGE", default=60)


def database(name: str, *, max_age: int) -> dict[str, object]:
    config = env.db_url_config(required(name), engine="socialnet.kernel.postgres")
    options = config.setdefault("OPTIONS", {})
    options.setdefault("connect_timeout", 2)
    options.setdefault("application_name", env("PROCESS_NAME", default="socialnet"))
    return {**config, "CONN_MAX_AGE": max_age, "CONN_HEALTH_CHECKS": True, "ATOMIC_REQUESTS": False}


DATABASES = {
    "default": database("DATABASE_URL", max_age=CONN_MAX_AGE),
    "owner": database("DATABASE_OWNER_URL", max_age=0)
    if env("DATABASE_OWNER_URL", default="")
    else database("DATABASE_URL", max_age=0),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis, Celery, Channels -----------------------------------------------------------------------------

REDIS_URL = required("REDIS_URL")
REDIS_TIMEOUT = env.float("REDIS_TIMEOUT", default=0.5)


def default_broker_url() -> str:
    """The same Redis, another database: `redis+socket://` for unix sockets, as kombu wants it."""
    parts = urlsplit(REDIS_URL)
    if parts.scheme == "unix":
        return f"redis+socket://{parts.path}?virtual_host=1"
    return f"{parts.scheme}://{parts.netloc}/1"


CELERY_BROKER_URL = env("CELERY_BROKER_URL", default="") or default_broker_url()
# Past these we are overloaded; 0: not looked at.
OVERLOAD_DELIVERY_SECONDS = env.float("OVERLOAD_DELIVERY_SECONDS", default=30.0)
OVERLOAD_CONNECTIONS = env.float("OVERLOAD_CONNECTIONS", default=0.9)
OVERLOAD_P95_MS = env.float("OVERLOAD_P95_MS", default=2000.0)
RELAY_QUEUE_ROOM = env.int("RELAY_QUEUE_ROOM", default=40)  # messages that may wait in one queue
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "hosts": [{"address": REDIS_URL, "socket_timeout": None, "health_check_interval": 15}],
            "serializer_format": "json",
            "prefix": "live",
        },
    }
}

# --- People ----------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # usernames are unique on Lower
AUTHENTICATION_BACKENDS = ["accounts.backends.PersonBackend"]
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
] + [{"NAME": "accounts.passwords.DisguisedPasswordValidator"}]
EMAIL_VERIFICATION = env("EMAIL_VERIFICATION", default="mandatory")
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_FORMS = {
    "signup": "accounts.forms.SignupForm",
    "login": "accounts.forms.LoginForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.ResetPasswordKeyForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
}
ACCOUNT_EMAIL_VERIFICATION = EMAIL_VERIFICATION
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_PRESERVE_USERNAME_CASING = True
ACCOUNT_USERNAME_MIN_LENGTH = 3
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_RATE_LIMITS = False  # ours stand before their pages, see RATE_LIMITS
ACCOUNT_CHANGE_EMAIL = True  # one address; a new one replaces it once it is confirmed
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SECURE else "http"
MFA_ADAPTER = "accounts.factors.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "socialnet"
MFA_TOTP_TOLERANCE = 1  # half a minute that clocks may differ
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE
MFA_RATE_LIMITS = False  # see RATE_LIMITS
MFA_FORMS = {
    "authenticate": "accounts.forms.AuthenticateForm",
    "authenticate_webauthn": "accounts.forms.AuthenticatePasskeyForm",
}
GRACE_DAYS = env.int("GRACE_DAYS", default=30)  # in which who left may come back
GROUP_REPORT_HOURS = env.int("GROUP_REPORT_HOURS", default=24)  # then reports in groups are the site's
EXPORT_DAYS = env.int("EXPORT_DAYS", default=7)  # that an archive is kept
FOLLOW_LIMIT = env.int("FOLLOW_LIMIT", default=5000)

MAIL_BOX = Path(env("MAIL_BOX", default=str(HOME / "mail")))
EMAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env("DEFAULT_FROM_EMAIL", default="socialnet <no-reply@localhost>")
BOUNCE_ADDRESS = env("BOUNCE_ADDRESS", default="")  # where letters about news come back to
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
if env("EMAIL_URL", default="consolemail://") == "consolemail://":
    EMAIL_BACKEND = "accounts.mail.ConsoleAndFolderBackend"

# --- Limits ----------------------------------------------------------------------------------------------

RATE_LIMITS_ENABLED = env.bool("RATE_LIMITS_ENABLED", default=True)
RATE_LIMIT_TABLE = limits.TABLE
RATE_LIMITS = {row.name: env(row.variable, default=row.usual) for row in RATE_LIMIT_TABLE}
TIER_HYBRID = env.int("TIER_HYBRID", default=10_000)
TIER_PULL = env.int("TIER_PULL", default=100_000)
IDLE_AFTER_DAYS = env.int("IDLE_AFTER_DAYS", default=30)
WARMING = env.bool("WARMING", default=True)
INSIGHTS_SECONDS = env.int("INSIGHTS_SECONDS", default=5)
FEED_ENTRIES_KEPT = env.int("FEED_ENTRIES_KEPT", default=1000)
RANKING_BUDGET_MS = env.int("RANKING_BUDGET_MS", default=50)
VAPID_PRIVATE_KEY = env("VAPID_PRIVATE_KEY", default="")  # Web Push; without it nobody is told by it
VAPID_SUBJECT = env("VAPID_SUBJECT", default="") or (
    PUBLIC_URL if SECURE else f"mailto:{parseaddr(DEFAULT_FROM_EMAIL)[1]}"
)
SCREENING = env.bool("SCREENING", default=True)
SCREENING_DAYS = env.int("SCREENING_DAYS", default=90)  # that its results are kept
LINK_PREVIEWS = env.bool("LINK_PREVIEWS", default=True)
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # bodies without files
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
AVATAR_MAX_BYTES = 10 * 1024 * 1024
UPLOAD_MAX_BYTES = 4 * 10 * 1024 * 1024  # all files of one form: the pictures of a post

# --- API -------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.TokenAuthentication",
        "accounts.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticatedOrReadOnly"],
    "DEFAULT_RENDERER_CLASSES": [
        "socialnet.kernel.rest.renderers.JSONRenderer",
        "socialnet.kernel.rest.renderers.BrowsableRenderer",
    ],
    "DEFAULT_PARSER_CLASSES": [
        "socialnet.kernel.rest.parsers.JSONParser",
        "socialnet.kernel.rest.parsers.MultiPartParser",
        "socialnet.kernel.rest.parsers.FormParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "socialnet.kernel.schema.AutoSchema",
    "EXCEPTION_HANDLER": "socialnet.kernel.rest.exceptions.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "URL_FORMAT_OVERRIDE": None,
    "NUM_PROXIES": env.int("NUM_PROXIES", default=0),
}
API_IDEMPOTENCY = "socialnet.outbox.idempotency.once"  # what the base view wraps around a POST with a key
METRICS_TOKEN = env("METRICS_TOKEN", default="")  # for /metrics from elsewhere than loopback
SPECTACULAR_SETTINGS = {
    "TITLE": "socialnet API",
    "VERSION": "1.0.0",
    "DESCRIPTION": "Everything the pages can do, the API can do, and the reverse.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "VisibilityEnum": "feeds.door.Audience",
        "GroupRoleEnum": "groups.models.Membership.Role",
        "MembershipStatusEnum": "groups.models.Membership.Status",
        "MembershipAnswerEnum": "groups.serializers.ANSWERS",
        "GroupNotifyEnum": "groups.models.Membership.Notify",
    },
}
CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_HEADERS = (
    "accept",
    "authorization",
    "content-type",
    "idempotency-key",
    "if-none-match",
    "x-request-id",
)
CORS_EXPOSE_HEADERS = (
    "ETag",
    "Idempotent-Replay",
    "Link",
    "Location",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "X-Feed-Mode",
    "X-Request-ID",
)
CORS_URLS_REGEX = r"^/api/.*$"
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[PUBLIC_URL])
CSRF_FAILURE_VIEW = "socialnet.kernel.web.csrf_failure"

# --- Headers ---------------------------------------------------------------------------------------------

LIVE_ORIGIN = "{0.scheme}://{0.netloc}".format(urlsplit(LIVE_URL))
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "connect-src": ["'self'", LIVE_ORIGIN],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    },
}
# The admin's own scripts build functions from attributes, and its colours are a style in the page. Scripts in pages
# are refused there as everywhere.
ADMIN_CONTENT_SECURITY_POLICY: dict[str, Any] = {
    **CONTENT_SECURITY_POLICY["DIRECTIVES"],
    "script-src": ["'self'", "'unsafe-eval'"],
    "style-src": ["'self'", "'unsafe-inline'"],
}
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=SECURE)
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if SECURE else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Language, files -------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env("STATIC_ROOT", default=str(HOME / "static")))
MEDIA_URL = "/media/"
MEDIA_ROOT = Path(env("MEDIA_ROOT", default=str(HOME / "media")))
MEDIA_STORAGE_URL = env("MEDIA_STORAGE_URL", default="")
# Pictures of people by the web process; else the server in front does it.
SERVE_MEDIA = env.bool("SERVE_MEDIA", default=not SECURE or bool(MEDIA_STORAGE_URL))
MEDIA_DELIVERY = media.delivery_of(
    env("MEDIA_DELIVERY", default=""), url=MEDIA_STORAGE_URL, serve_media=SERVE_MEDIA
)
if MEDIA_DELIVERY == "storage":  # pages show what their redirects lead to
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["img-src"].append(media.origin_of(MEDIA_STORAGE_URL))
WHITENOISE_USE_FINDERS = not SECURE
WHITENOISE_AUTOREFRESH = not SECURE  # files that change while it runs are served whole
STORAGES = {
    "default": media.place_of(MEDIA_STORAGE_URL),
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if SECURE and "pytest" not in sys.modules
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
CACHES = {"default": {"BACKEND": "socialnet.kernel.cache.RedisCache"}}

# --- Logs ------------------------------------------------------------------------------------------------

LOG_FORMAT = env("LOG_FORMAT", default="json")
LOG_LEVEL = env("LOG_LEVEL", default="INFO")
LOGGING_CONFIG = "socialnet.kernel.logging.configure"
LOGGING = {"format": LOG_FORMAT, "level": LOG_LEVEL}

UNFOLD = {
    "SITE_TITLE": "socialnet",
    "SITE_HEADER": "socialnet",
    "SITE_SUBHEADER": _("Moderation and operations"),
    "SITE_URL": "/",
    "SHOW_HISTORY": True,
    "SITE_DROPDOWN": [{"icon": "speed", "title": _("Limits"), "link": "/admin/limits"}],
}
