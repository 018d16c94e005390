"""The command line: what `manage.py launch`, `watch`, `jobs`, `cancel` and `retry` share.

Whoever has a shell on an instance has its database too, so nothing is asked of `access` here; the audit trail says that
it was done by `manage.py`, and by which user of the system.
"""
