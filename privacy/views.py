"""The copy of a person's data, for those who may have it."""

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.models import User
from agents.queries import actor_for
from kernel.errors import DomainError
from privacy import actions, queries


@login_required
@never_cache
@require_GET
def export(request: HttpRequest, sid: str) -> HttpResponseBase:
    """The ZIP, as a download; 404 for whoever may not, and once its days are over."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - narrows the type
    actor = actor_for(user)
    try:
        row = queries.data_request(sid, actor=actor)
        actions.note_download(row, actor=actor)
        opened = row.file.open("rb")
    except (DomainError, FileNotFoundError) as error:
        raise Http404 from error
    response = FileResponse(opened, as_attachment=True, filename=f"{row.contact.sid}.zip")
    response["Content-Type"] = "application/zip"
    response["X-Content-Type-Options"] = "nosniff"
    return response
