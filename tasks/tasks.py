"""Where Celery's autodiscovery looks: importing the samples registers them under their own modules' names."""

from tasks.samples import arithmetic, mail, tables

__all__ = ["arithmetic", "mail", "tables"]
