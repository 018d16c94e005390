"""What people use instead, driven for real: plain Channels consumers, celery-progress, Flower, bare Celery.

`site` is a small Django project without Taskcast, in one process each: daphne, a worker. `processes` starts them.
"""
