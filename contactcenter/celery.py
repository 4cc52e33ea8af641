"""The Celery app: outbound input and output only. Tasks are wake-ups for rows, so losing one costs a second."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")

app = Celery("contactcenter")
app.config_from_object("django.conf:settings", namespace="CELERY")
# A soft shutdown lets running sends finish before the broker connection goes.
app.conf.worker_soft_shutdown_timeout = 8
app.conf.worker_enable_soft_shutdown_on_idle = True
app.conf.worker_send_task_events = False
app.conf.worker_cancel_long_running_tasks_on_connection_loss = False
app.set_default()  # "Current" is a matter of the thread that imported this; the default holds for all.
app.autodiscover_tasks()
