"""Where Celery's autodiscovery looks, if told to: importing the samples registers them under their modules' names."""

from tasks.samples import arithmetic, images, mail, tables

__all__ = ["arithmetic", "images", "mail", "tables"]
