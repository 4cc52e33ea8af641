"""Templates as the carrier lists them: to find, to read, and to have read anew."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import Label, ModelAdmin, actor, display, told
from carriers.twilio.errors import remedy
from conversations import actions, tasks
from conversations.core import templates
from conversations.models import Template
from conversations.queries import templates as template_queries
from kernel.errors import DomainError

COLOURS = {
    "approved": "success",
    "pending": "warning",
    "received": "warning",
    "rejected": "danger",
    "paused": "danger",
    "disabled": "danger",
    "unsubmitted": "info",
}


@admin.register(Template)
class TemplateAdmin(ModelAdmin):
    """What stands here is changed at the carrier, and read from there."""

    list_before_template: ClassVar[str] = "admin/templates/reading.html"
    list_display = ["name", "language", "state_label", "category", "words_shown", "changed_at"]
    list_filter = ["state", "language", "category"]
    search_fields = ["name", "words", "=sid"]
    search_help_text = _("Words of its name or of its text, or its sid.")
    ordering = ["name", "language", "pk"]
    fieldsets = [
        (None, {"fields": ["name", "language", "state_label", "reason", "category"]}),
        (_("What the customer sees"), {"fields": ["preview"]}),
        (_("Record"), {"fields": ["sid", "samples_shown", "changed_at"]}),
    ]
    readonly_fields = ["state_label", "preview", "samples_shown"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """They are the carrier's account's, and every account of this installation sends through that."""
        return template_queries.ours().order_by(*self.ordering)

    def get_urls(self) -> Any:
        read = path("read/", self.admin_site.admin_view(self.read), name="conversations_template_read")
        return [read, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        row = template_queries.reading(settings.TWILIO_ACCOUNT_SID)
        context = {
            "reading": row,
            "remedy": gettext(remedy(row.failure)) if row and row.failure else "",
            "read_url": reverse("admin:conversations_template_read"),
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def read(self, request: HttpRequest) -> HttpResponse:
        """The button: a worker reads the list, as soon as it can."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        account_sid = settings.TWILIO_ACCOUNT_SID
        try:
            actions.read_templates_now(account_sid, actor=actor(request))
        except DomainError as error:
            messages.error(request, told(error))
        else:
            tasks.ring_read_templates(account_sid)
            messages.success(request, gettext("The list is being read. Load this page again in a moment."))
        return HttpResponseRedirect(reverse("admin:conversations_template_changelist"))

    @display(description=_("state"), ordering="state", label=COLOURS)
    def state_label(self, template: Template) -> Label:
        return Label(template.state, template.get_state_display())

    @display(description=_("Text"))
    def words_shown(self, template: Template) -> str:
        shape = templates.shape(template.types, channel="whatsapp")
        return shape.body[:90] if shape else "-"

    @display(description=_("samples"))
    def samples_shown(self, template: Template) -> str:
        lines = format_html_join("", "<dt>{}</dt><dd>{}</dd>", sorted(template.samples.items()))
        return format_html('<dl class="cc-samples">{}</dl>', lines) if template.samples else "-"

    @display(description="")
    def preview(self, template: Template) -> str:
        """Each form with its samples in, as a phone shows it."""
        shapes = [templates.shape({name: content}, channel="whatsapp") for name, content in template.types.items()]
        known = [templates.render(shape, template.samples) for shape in shapes if shape]
        return (
            format_html_join("", "{}", ((_bubble(shape),) for shape in known)) if known else gettext("Not shown here.")
        )


def _bubble(shape: templates.Shape) -> str:
    parts: Sequence[str] = [
        format_html('<span class="cc-form">{}</span>', shape.type),
        *(format_html('<p class="cc-file">{}</p>', url) for url in shape.media),
        format_html("<p>{}</p>", shape.body),
        format_html("<small>{}</small>", shape.footer) if shape.footer else "",
        *(format_html('<span class="cc-choice" title="{}">{}</span>', one.value, one.title) for one in shape.buttons),
    ]
    return format_html('<div class="cc-bubble">{}</div>', format_html_join("", "{}", ((part,) for part in parts)))
