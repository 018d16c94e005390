"""Joining a Celery app that has settings of its own."""

from celery import Celery

from tasks import install


def joined(**conf) -> Celery:
    app = Celery("somebody", set_as_current=False, broker="memory://")
    app.conf.update(conf)
    install(app)
    return app


def test_a_projects_own_annotations_stay():
    app = joined(task_annotations={"*": {"rate_limit": "7/s"}, "somebody.work": {"priority": 3}})

    @app.task(name="somebody.work")
    def work(): ...

    app.finalize()
    task = app.tasks["somebody.work"]
    assert (task.rate_limit, task.priority) == ("7/s", 3)
    assert type(task).__call__.__module__ == "tasks.gate"


def test_a_projects_own_consumer_stays():
    assert joined(worker_consumer="somebody:Consumer").conf.worker_consumer == "somebody:Consumer"
    assert joined().conf.worker_consumer == "tasks.consumer:Consumer"
