"""Telling owners of the ends of their jobs, by mail and webhook.

`planning` writes what is to be told beside the end itself; the watch has `delivery` tell it.
"""
