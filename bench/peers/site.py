"""Settings and Celery application of the peers' project. PEER_REDIS is its Redis as redis-py spells it, PEER_BROKER as
Celery does, PEER_HOME its folder."""

import os

from celery import Celery

REDIS, BROKER = os.environ["PEER_REDIS"], os.environ["PEER_BROKER"]

SECRET_KEY = "only measured"
ALLOWED_HOSTS = ["127.0.0.1"]
USE_TZ = True
INSTALLED_APPS = ["django.contrib.contenttypes", "channels", "celery_progress"]
_DATABASE = os.path.join(os.environ["PEER_HOME"], "peer.sqlite3")
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": _DATABASE}}
ROOT_URLCONF = "bench.peers.urls"
# The quicker one of the two layers is the one that we use as well.
_LAYERS = {"pubsub": "channels_redis.pubsub.RedisPubSubChannelLayer", "core": "channels_redis.core.RedisChannelLayer"}
CHANNEL_LAYERS = {"default": {"BACKEND": _LAYERS[os.environ.get("PEER_LAYER", "pubsub")], "CONFIG": {"hosts": [REDIS]}}}

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.peers.site")
# Bare: no signal handlers, no events, the same pool, prefetch and result backend as ours.
app = Celery("peer", broker=BROKER, backend=BROKER, include=["bench.peers.tasks"])
app.conf.update(
    worker_prefetch_multiplier=1,
    task_default_queue="peer",
    result_expires=3600,
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False,
)
