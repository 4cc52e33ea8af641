"""One settings file; what differs between the shapes is decided in ``environment``."""

from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from contactcenter import environment
from contactcenter.environment import BASE_DIR, PRODUCTION, VAR_DIR, env
from contactcenter.unfold import UNFOLD  # noqa: F401 - a setting

# --- Who and where -----------------------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = environment.secret_key()
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

PORT = env.int("PORT", default=8000)
PUBLIC_URL = environment.required("PUBLIC_URL", embedded=f"http://127.0.0.1:{PORT}").rstrip("/")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=[] if PRODUCTION else ["127.0.0.1", "localhost", "[::1]", "testserver"]
)
if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS is not set, or is '*'. Name your hosts: see .env.example.")
SECURE = urlsplit(PUBLIC_URL).scheme == "https"

# Full origins that may open a WebSocket or post a form. The host alone is not enough: a page on another port or on
# plain http is another site.
TRUSTED_ORIGINS = [environment.origin(PUBLIC_URL), *env.list("TRUSTED_ORIGINS", default=[])]
if not PRODUCTION:
    TRUSTED_ORIGINS += [f"http://localhost:{PORT}", f"http://127.0.0.1:{PORT}"]
CSRF_TRUSTED_ORIGINS = TRUSTED_ORIGINS

# --- Applications -------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "daphne",
    "contactcenter.apps.ContactCenterConfig",
    "unfold.apps.BasicAppConfig",
    "contactcenter.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "accounts.apps.AccountsConfig",
    "carriers.apps.CarriersConfig",
    "carriers.twin.apps.TwinConfig",
    "eventlog.apps.EventLogConfig",
    "agents.apps.AgentsConfig",
    "hooks.apps.HooksConfig",
    "hours.apps.HoursConfig",
    "routing.apps.RoutingConfig",
    "conversations.apps.ConversationsConfig",
    "interactions.apps.InteractionsConfig",
    "campaigns.apps.CampaignsConfig",
    "insights.apps.InsightsConfig",
    "privacy.apps.PrivacyConfig",
    "api.apps.ApiConfig",
    "taskrouter.apps.TaskRouterConfig",
    "webchat.apps.WebChatConfig",
    "verification.apps.VerificationConfig",
    "desk.apps.DeskConfig",
]

MIDDLEWARE = [
    "contactcenter.middleware.Probes",
    "contactcenter.middleware.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "taskrouter.middleware.OwnHost",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "contactcenter.csp.PolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "contactcenter.middleware.OwnLanguage",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "contactcenter.middleware.SecondFactor",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "contactcenter.urls"
ASGI_APPLICATION = "contactcenter.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "contactcenter.context.product",
            ],
        },
    },
]

# --- Storage ------------------------------------------------------------------------------------------------------

DATABASES = {"default": environment.database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": environment.cache()}

STATIC_URL = "/static/"
STATIC_ROOT = env.str("STATIC_ROOT", default=str(VAR_DIR / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = env.str("MEDIA_ROOT", default=str(VAR_DIR / "media"))
STORAGES = {
    "default": environment.files(),
    "staticfiles": {"BACKEND": "contactcenter.storage.StaticStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# --- People -------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "accounts.hashing.PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/desk/"
LOGOUT_REDIRECT_URL = "login"

ACCOUNT_ADAPTER = "accounts.signing_in.AccountAdapter"
ACCOUNT_FORMS = {"login": "accounts.signing_in.SignInForm"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True  # For SESSION_COOKIE_AGE, without asking.
# Of second factors; wrong passwords are counted below. A whole shift signs in from one office.
ACCOUNT_RATE_LIMITS = {"login": "300/m/ip", "login_failed": "100/15m/ip,10/15m/key"}
MFA_ADAPTER = "accounts.signing_in.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE
# The roles that are let in nowhere without a second factor.
SECOND_FACTOR_ROLES = environment.second_factor_roles()
# Each is called with the sid of a person who may less than before, so that open screens hear of it at once.
ACCESS_LISTENERS = ["eventlog.live.revoke"]

# Counted in the database, so that the limit holds over all web processes and without Redis.
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25
AXES_HANDLER = "accounts.throttling.Failures"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "ip_address", "username"]
AXES_CLIENT_IP_CALLABLE = "accounts.throttling.network"
# Whoever goes on trying shall not keep a colleague out for longer.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "registration/locked_out.html"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True

SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_HTTPONLY = True

# --- What a browser may do ----------------------------------------------------------------------------------------

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=SECURE)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if SECURE else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "media-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "frame-src": [SELF],
    },
}

# --- Languages ----------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

# --- Events, timers, effects --------------------------------------------------------------------------------------

# What follows an event, in this order. This list is the whole of it: there are no signals.
EVENT_SINKS = [
    "eventlog.live.Broadcast",
    "interactions.sinks.Follow",
    "conversations.sinks.Outbound",
    "conversations.sinks.Standings",
    "campaigns.sinks.Replies",
    "verification.sinks.Codes",
    "hooks.sinks.Deliveries",
    "insights.sinks.Count",
    "taskrouter.sinks.EventCallbacks",
    "taskrouter.sinks.AssignmentCallbacks",
    "taskrouter.sinks.Instructions",
]
# How each kind of request to an integrator is written, and its answer read.
HOOK_LETTERS = {
    "webhook": "hooks.letters.Webhook",
    "event-callback": "taskrouter.callbacks.EventCallback",
    "assignment-callback": "taskrouter.callbacks.AssignmentCallback",
}
PUMP_SERVICES = [
    "routing.deadlines.Offers",
    "routing.deadlines.Steps",
    "routing.deadlines.TimesToLive",
    "conversations.deadlines.Turns",
    "eventlog.relay.Relay",
    "eventlog.timers.Timers",
    "routing.router.engine.Router",
]
PUMP_THREADS = environment.pump_threads(PUMP_SERVICES)
# Sweeps of due columns that may be a moment late, and how many seconds lie between two of each.
PUMP_TIMERS = {
    "routing.timers.re_evaluate_tasks": 1,
    "routing.replaying_timers.drive_replays": 1,
    "conversations.timers.drive_inbox": 0.5,
    "conversations.timers.drive_deliveries": 0.5,
    "conversations.timers.drive_looks": 1,
    "conversations.timers.drive_media": 1,
    "conversations.timers.drive_uploads": 60,
    "campaigns.timers.drive": 0.25,
    "conversations.timers.drive_reconciliation": 1,
    "conversations.schedule_timers.drive_scheduled": 0.5,
    "conversations.template_timers.drive_templates": 1,
    "hooks.timers.drive_deliveries": 0.5,
    "hooks.timers.prune": 60,
    "carriers.twin.timers.sweep_callbacks": 0.1,
    "eventlog.timers.prune": 5,
    "routing.router.judging.prune": 60,
    "routing.replaying_timers.prune": 60,
    "insights.timers.prune": 60,
    "privacy.timers.drive_requests": 1,
    "privacy.timers.keep_no_longer": 5,
    "verification.timers.drive": 1,
    "verification.timers.prune": 60,
}
# Who may refer to a business calendar: each tells the name of something that does, or nothing. Such a calendar stays.
CALENDAR_USERS = [
    "routing.scoping.workflow_asking",
    "webchat.queries.deployment_asking",
    "campaigns.queries.campaign_asking",
]
# Who else keeps something of a person: each forgets these addresses, in the transaction of the erasure.
PERSONAL_DATA_KEEPERS = [
    "webchat.actions.forget_visitors",
    "verification.actions.forget_numbers",
    "campaigns.actions.forget_customers",
]
BUS_URL = environment.redis_url()
REDIS_PREFIX = environment.redis_prefix(SECRET_KEY)

CELERY_BROKER_URL, CELERY_BROKER_TRANSPORT_OPTIONS = environment.broker(REDIS_PREFIX)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False  # The row's lease brings the work back; a poison message must not loop.
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = "UTC"

# --- The telephone world ------------------------------------------------------------------------------------------

TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN = env.str("TWILIO_AUTH_TOKEN", default="")
TWIN_ENABLED = env.bool("TWIN_ENABLED", default=not PRODUCTION and not TWILIO_ACCOUNT_SID)
TWIN_OPEN = env.bool("TWIN_OPEN", default=not PRODUCTION)
TWILIO_API_BASE = env.str("TWILIO_API_BASE", default=f"{PUBLIC_URL}/twin" if TWIN_ENABLED else "")
if TWIN_ENABLED and not TWILIO_ACCOUNT_SID:
    TWILIO_ACCOUNT_SID = "AC" + environment.kept_secret("twin_account")[:32]
    TWILIO_AUTH_TOKEN = environment.kept_secret("twin_token")[:32]
# Twilio signs with the primary token; during a rotation the old one counts as well.
TWILIO_AUTH_TOKENS = [token for token in [TWILIO_AUTH_TOKEN, *env.list("TWILIO_OLD_AUTH_TOKENS", default=[])] if token]
# Secrets of SharedKeys by their ids, and the weakest algorithm that a webhook may be signed with.
TWILIO_SHARED_KEYS = env.dict("TWILIO_SHARED_KEYS", default={})
TWILIO_SIGNATURE_ALGORITHM = env.str("TWILIO_SIGNATURE_ALGORITHM", default="HMAC_SHA1")

# How often the provider's list is searched for messages whose webhook never came, and how long a webhook is waited for.
RECONCILE_SECONDS = env.float("RECONCILE_SECONDS", default=60.0)
RECONCILE_GRACE_SECONDS = env.float("RECONCILE_GRACE_SECONDS", default=20.0)

# How often the provider's list of templates is read.
TEMPLATES_SECONDS = env.float("TEMPLATES_SECONDS", default=3600.0)

# Private addresses that integrators' webhooks may reach (CIDR or host:port): the operator's decision, nobody else's.
EGRESS_ALLOW = env.list("EGRESS_ALLOW", default=[] if PRODUCTION else ["127.0.0.0/8", "::1/128"])

WEBCHAT_BEGINNINGS_AN_HOUR = env.int("WEBCHAT_BEGINNINGS_AN_HOUR", default=30)

# Requests that one web process works on at a time; more only where they wait for others and not for the interpreter.
REQUESTS_AT_ONCE = env.int("REQUESTS_AT_ONCE", default=12)

# Calls to the carrier that one worker process makes at a time.
SENDS_AT_ONCE = environment.sends_at_once()

# --- REST ---------------------------------------------------------------------------------------------------------

# Of one account, in each web process.
TASKROUTER_REQUESTS_A_SECOND = env.int("TASKROUTER_REQUESTS_A_SECOND", default=200)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "api.problems.handle",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Contact centre API",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    # One name each for choices that several fields share.
    "ENUM_NAME_OVERRIDES": {
        "AuthorKindEnum": "api.shapes.AUTHORS",
        "CampaignStateEnum": "campaigns.core.states.STATES",
        "CalendarReasonEnum": "api.shapes.CALENDAR_REASONS",
        "ChannelEnum": "conversations.models.Channel.choices",
        "VerdictReasonEnum": "api.why.shapes.REASONS",
    },
}

# --- Logs ---------------------------------------------------------------------------------------------------------

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "contactcenter.logs.formatter", "json": PRODUCTION},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "daphne": {"level": "WARNING"},
        "django.channels.server": {"level": "WARNING"},
        # Refusals stand in the request's own line, by route: a path may carry names and numbers.
        "django.request": {"level": "ERROR"},
        "django.security.csrf": {"level": "ERROR"},
        # Anybody can send any Host, and each would be a traceback.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "celery": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
        "twilio": {"level": "WARNING"},
    },
}
