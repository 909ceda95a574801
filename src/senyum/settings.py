"""Settings of a hall, read from the environment. Each is documented in docs/settings.md."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from senyum.core import address
from senyum.core.secrets import data_directory, secret_key

BASE_DIR = Path(__file__).resolve().parent
DATA_DIR = data_directory()
SECRET_KEY = secret_key(DATA_DIR)
DEBUG = os.environ.get("SENYUM_DEBUG") == "1"
DEMO = os.environ.get("SENYUM_DEMO") == "1"
TLS = os.environ.get("SENYUM_TLS") == "1"
# Links on paper and in messages; where `senyum up` listens, for halls that name no address.
try:
    PUBLIC_URL = address.checked(os.environ.get("SENYUM_PUBLIC_URL", ""))
except ValueError as error:
    raise ImproperlyConfigured(f"SENYUM_PUBLIC_URL: {error}") from error
LISTENS = os.environ.get("SENYUM_LISTENS", "")
ALLOWED_HOSTS = os.environ.get("SENYUM_HOSTS", "*").split(",")


def _database(url: str) -> dict[str, object]:
    """Django's settings of a `postgresql://` address; `host` and `user` may stand in its query (unix sockets)."""
    parts = urlsplit(url)
    query = {k: v[-1] for k, v in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "senyum",
        "USER": unquote(parts.username or query.pop("user", "")),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or query.pop("host", ""),
        "PORT": str(parts.port or query.pop("port", "")),
        # Threads of the web server keep their connection: without that a call costs ten times as much.
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **query,
            "options": "-c lock_timeout=3000 -c idle_in_transaction_session_timeout=15000"
            # Planning one of the two hot statements costs more than running it.
            " -c plan_cache_mode=force_generic_plan",
            "prepare_threshold": 3,
        },
    }


DATABASES = {"default": _database(os.environ.get("DATABASE_URL", "postgresql:///senyum"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "senyum.surfaces.ui",
    "senyum.surfaces.citizen",
    "senyum.surfaces.greeter",
    "senyum.surfaces.kiosk",
    "senyum.surfaces.display",
    "senyum.surfaces.counter",
    "senyum.surfaces.console",
    "senyum.surfaces.api",
    "senyum.rights",
    "senyum.planning",
    "senyum.surveys",
    "senyum.visits",
    "senyum.bookings",
    "senyum.roster",
    "senyum.catalogue",
    "senyum.people",
    "senyum.malls",
    "senyum.notices",
    "senyum.journal",
    "senyum.core",
    "django_cotton",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "procrastinate.contrib.django",
    "csp",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "senyum.surfaces.ui.robots.RobotsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "senyum.surfaces.ui.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "senyum.surfaces.ui.logins.LoginMiddleware",
    "senyum.surfaces.ui.middleware.RefusalMiddleware",
]

ROOT_URLCONF = "senyum.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": False,
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": [
                "django_cotton.templatetags.cotton",
                "django.templatetags.i18n",
                "django.templatetags.static",
                "senyum.surfaces.ui.templatetags.house",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "senyum.surfaces.ui.context.house",
            ],
        },
    }
]

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["senyum.surfaces.ui.login.HouseBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "name", "email")},
    },
    {"NAME": "senyum.people.passwords.NoHouseWordsValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "work"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "senyum.surfaces.ui.login.HouseAdapter"
ACCOUNT_LOGOUT_ON_GET = False
# The key is surfaces/ui/login.py's: the name, and the browser that knows it or else the address.
ACCOUNT_RATE_LIMITS = {"login": False, "login_failed": "8/5m/key"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
# The longest that a log-in may last; surfaces/ui/logins.py ends it at night, or when it lies idle.
SESSION_COOKIE_AGE = 25 * 3600
SESSION_COOKIE_NAME = "__Host-session" if TLS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrf" if TLS else "csrftoken"
LANGUAGE_COOKIE_NAME = "__Host-language" if TLS else "django_language"
# Whether a lost or a wrong certificate may be clicked away: never, with one that others issue. The hall's own
# authority says nothing here, because its plain page that mends trust would be out of reach (decision 0097).
HSTS_SECONDS = int(os.environ.get("SENYUM_HSTS", "31536000" if TLS and not os.environ.get("SENYUM_TLS_PORT") else "0"))
# Who must have a second factor: `steering` (manager, leadership, administrator) or `nobody`.
SECOND_FACTOR = os.environ.get("SENYUM_SECOND_FACTOR", "steering" if TLS and not DEMO else "nobody")
if SECOND_FACTOR not in ("steering", "nobody"):
    raise ImproperlyConfigured("SENYUM_SECOND_FACTOR: steering or nobody")
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TLS
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("SENYUM_ORIGINS", "").split(",") if o]
SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "senyum.surfaces.ui.views.csrf_failure"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "media-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "id"
LANGUAGES = [("id", _("Bahasa Indonesia")), ("su", _("Basa Sunda")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["senyum.locale.formats"]
TIME_ZONE = "Asia/Jakarta"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or "pytest" in sys.modules
        else "servestatic.storage.CompressedManifestStaticFilesStorage"
    },
}
CACHES = {"default": {"BACKEND": "senyum.core.cache.HouseCache", "LOCATION": "core_cache"}}
EMAIL_BACKEND = os.environ.get("SENYUM_EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
EMAIL_HOST = os.environ.get("SENYUM_SMTP_HOST", "")
EMAIL_PORT = int(os.environ.get("SENYUM_SMTP_PORT", "587"))
EMAIL_HOST_USER = os.environ.get("SENYUM_SMTP_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("SENYUM_SMTP_PASSWORD", "")
_SMTP_SECURITY = os.environ.get("SENYUM_SMTP_SECURITY", "starttls")
EMAIL_USE_TLS, EMAIL_USE_SSL = _SMTP_SECURITY == "starttls", _SMTP_SECURITY == "tls"
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = os.environ.get("SENYUM_EMAIL_FROM", "senyum@localhost")
NOTICE_WEBHOOK_URL = os.environ.get("SENYUM_WEBHOOK_URL", "")
NOTICE_WEBHOOK_SECRET = os.environ.get("SENYUM_WEBHOOK_SECRET", "")
WHATSAPP_URL = os.environ.get("SENYUM_WHATSAPP_URL", "").rstrip("/")
WHATSAPP_PHONE_ID = os.environ.get("SENYUM_WHATSAPP_PHONE_ID", "")
WHATSAPP_TOKEN = os.environ.get("SENYUM_WHATSAPP_TOKEN", "")
WHATSAPP_PREFIX = os.environ.get("SENYUM_WHATSAPP_PREFIX", "senyum_")
PUSH = os.environ.get("SENYUM_PUSH", "1") == "1"
# Which push services may be called: a browser names its own, and so could somebody who is no browser.
PUSH_HOSTS = os.environ.get(
    "SENYUM_PUSH_HOSTS",
    "fcm.googleapis.com,push.services.mozilla.com,push.apple.com,notify.windows.com",
).split(",")
PUSH_CONTACT = os.environ.get("SENYUM_PUSH_CONTACT", "")
# Identifiers of a visit are erased that long after its last ticket closed (docs/privacy.md).
KEEP_DAYS = int(os.environ.get("SENYUM_KEEP_DAYS", "30"))
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
SILENCED_SYSTEM_CHECKS: list[str] = []
LOGGING_CONFIG = "senyum.core.log.configure"
LOGGING = {
    "level": os.environ.get("SENYUM_LOG", "INFO"),
    "collector": os.environ.get("SENYUM_LOG_COLLECTOR", ""),
}

# Jobs are imported by the worker (and whoever starts one) from here.
PROCRASTINATE_IMPORT_PATHS = [
    "senyum.jobs.close_day",
    "senyum.jobs.compute_proposal",
    "senyum.jobs.end_pairings",
    "senyum.jobs.enforce_standards",
    "senyum.jobs.forget_keys",
    "senyum.jobs.learn_waits",
    "senyum.jobs.retention",
    "senyum.jobs.score_forecasts",
    "senyum.jobs.send_notices",
    "senyum.jobs.speak",
    "senyum.jobs.tell_turns",
    "senyum.jobs.watch_bookings",
    "senyum.jobs.watch_lines",
    "senyum.jobs.write_letters",
]
