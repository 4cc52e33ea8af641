"""The forms of campaigns in the admin."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import FileWidget, ModelForm, MomentWidget, SelectWidget, TextareaWidget, TextInputWidget
from campaigns.core.lists import Columns, Sheet, guessed
from campaigns.models import Campaign
from conversations.models import Channel
from conversations.queries import templates as template_queries

SHEET_BYTES = 8 * 1024 * 1024
_COLUMN = "column_"
_MINUTE = "%Y-%m-%dT%H:%M"


class MinuteField(forms.DateTimeField):
    """A minute in UTC, chosen in the browser's own way."""

    widget = MomentWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=[_MINUTE, f"{_MINUTE}:%S"], **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value.astimezone(UTC).strftime(_MINUTE) if isinstance(value, datetime) else value


class CampaignForm(ModelForm):
    """What a campaign says, from where, when and how fast."""

    channel = forms.ChoiceField(
        label=_("Channel"),
        required=False,
        choices=[("", "---"), *(choice for choice in Channel.choices if choice[0] != Channel.WEBCHAT)],
        help_text=_("Of a messaging service whose pool has several."),
        widget=SelectWidget,
    )
    content_sid = forms.ChoiceField(
        label=_("Template"),
        required=False,
        help_text=_(
            "In the text's place. By WhatsApp, only a template reaches customers who have not written for 24 hours."
        ),
        widget=SelectWidget,
    )
    body = forms.CharField(
        label=_("Text"),
        required=False,
        help_text=_("{{name}} is replaced by what stands in that row: any name of letters, digits and _."),
        widget=TextareaWidget({"rows": 4}),
    )
    start_at = MinuteField(
        label=_("Start at"),
        required=False,
        help_text=_("UTC. Without it, the campaign starts when somebody starts it."),
    )
    file = forms.FileField(
        label=_("List (CSV)"),
        required=False,
        help_text=_(
            "The first line names the columns; one of them holds the numbers. What each column means is asked next."
        ),
        widget=FileWidget({"accept": ".csv,text/csv,text/plain"}),
    )

    class Meta:
        model = Campaign
        fields = [
            "workspace",
            "name",
            "address",
            "service",
            "channel",
            "body",
            "content_sid",
            "start_at",
            "calendar",
            "rate",
        ]
        widgets = {
            "rate": TextInputWidget({"inputmode": "numeric"}),
        }
        help_texts = {
            "calendar": _("Outside of them the campaign waits."),
            "address": _("Or, in its place, a messaging service."),
            "service": _(
                "Somebody of its pool writes to each customer: the one who did before, or of the same country."
            ),
            "rate": _("From 1 to 100, of each sender: campaigns of one sender share it."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = template_queries.ours().order_by("name", "language")
        self.fields["content_sid"].choices = [("", "---"), *((row.sid, str(row)) for row in rows)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Said at its field, ahead of the table's constraint, which names none."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if "address" in given and "service" in given and bool(given["address"]) == bool(given["service"]):
            self.add_error("address", _("Choose an address or a messaging service, one of the two."))
        return given

    def clean_file(self) -> Any:
        given = self.cleaned_data.get("file")
        if given is not None and given.size > SHEET_BYTES:
            raise forms.ValidationError(_("The file is larger than 8 MB. Split the list."))
        return given

    def content(self) -> tuple[bytes, str]:
        """The uploaded list and its name, or nothing."""
        given = self.cleaned_data.get("file")
        return (given.read(), given.name or "") if given is not None else (b"", "")


class ColumnsForm(forms.Form):
    """Which column of the list is what."""

    def __init__(self, sheet: Sheet, places: Sequence[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = places
        guess = guessed(sheet.columns, self.places)
        columns = [(column, column) for column in sheet.columns]
        self.fields["address"] = forms.ChoiceField(
            label=_("The number stands in"), choices=columns, initial=guess.address, widget=SelectWidget
        )
        self.fields["country"] = forms.CharField(
            label=_("Country of numbers without +"),
            required=False,
            max_length=2,
            help_text=_("Two capital letters, such as MX. Empty: every number has its country's code."),
            widget=TextInputWidget,
        )
        for place in self.places:
            self.fields[_COLUMN + place] = forms.ChoiceField(
                label=f"{{{{{place}}}}}", choices=columns, initial=guess.variables.get(place), widget=SelectWidget
            )

    def columns(self) -> Columns:
        """What was chosen."""
        given = self.cleaned_data
        return Columns(
            given["address"], {place: given[_COLUMN + place] for place in self.places}, given["country"].upper()
        )
