"""The names of all environment variables that Taskcast reads; settings.py says what each may hold."""

OURS = (
    "TASKCAST_HOME",
    "TASKCAST_APPS",
    "TASKCAST_DATA",
    "TASKCAST_KEEP_DAYS",
    "TASKCAST_SECRET_NAMES",
    "TASKCAST_WEBHOOKS_TO_PRIVATE",
)

NAMES = (
    *OURS,
    "HOST",
    "PORT",
    "REDIS_URL",
    "DATABASE_URL",
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "TRUSTED_ORIGINS",
    "DEBUG",
    "TIME_ZONE",
    "LANGUAGE_CODE",
    "WORKERS",
    "EMAIL_URL",
    "METRICS_TOKEN",
)
