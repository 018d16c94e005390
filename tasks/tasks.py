"""Where Celery's autodiscovery looks: importing the samples registers them under their own modules' names."""

from tasks.samples import arithmetic, images, mail, tables

__all__ = ["arithmetic", "images", "mail", "tables"]
