"""The list of templates is read when it is time, and once after every start."""

from datetime import datetime

from django.conf import settings

from conversations import actions, tasks
from conversations.queries import templates as template_queries

# By then the web server of the same process answers, and so does the simulated provider in it.
_START_SECONDS = 5.0
_planned: set[str] = set()


def drive_templates(now: datetime) -> None:
    """Have the list read."""
    account_sid = settings.TWILIO_ACCOUNT_SID
    if not account_sid or not settings.TWILIO_AUTH_TOKEN:
        return
    if account_sid not in _planned:
        actions.plan_template_reading(account_sid, now=now, after_seconds=_START_SECONDS)
        _planned.add(account_sid)
    elif template_queries.is_reading_due(account_sid, now=now) and tasks.may_ring(f"templates {account_sid}"):
        tasks.ring_read_templates(account_sid)
