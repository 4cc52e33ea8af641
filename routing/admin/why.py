"""Why, in the admin: what `routing.explaining` tells, beside the task, the offer, the worker and the queue."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import NEUTRAL, ModelAdmin, action, actor
from kernel.actor import Actor
from kernel.errors import Invalid
from routing.core.explain import NEAREST_FIRST
from routing.explaining import wording
from routing.explaining.offers import Standing
from routing.explaining.pages import Ask, Page, Person

MAX_NAME: Final = 64
"""Neither a sid nor the name of a channel is longer."""

LETTERS = {code: letter for letter, code in wording.CODES.items()}


@dataclass(frozen=True, slots=True)
class Reason:
    """How many workers have one reason; ``code`` is what the address of the page calls it."""

    letter: str
    code: str
    title: str | Promise
    count: int


@dataclass(frozen=True, slots=True)
class Line:
    """A worker and a sentence about him; ``hints`` tell of likely mistakes in an expression."""

    pk: int
    name: str
    letter: str
    sentence: str
    hints: tuple[str, ...]
    chosen: bool = False


class WhyPages(ModelAdmin):
    """A page about a thing that routing decides about, with its reasons beside it."""

    why_template: ClassVar[str]
    why_title: ClassVar[str | Promise]
    change_form_before_template = "admin/why/says.html"

    def reasons(self, row: Any, *, actor: Actor, ask: Ask) -> Mapping[str, Any]:
        """What the page of reasons shows; ``headline`` stands on the row's own page as well."""
        raise NotImplementedError

    def has_why_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_view_permission(request)

    @action(description=_("Why?"), icon="help", permissions=["why"], url_path="why", variant=NEUTRAL)
    def why(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)
        try:
            told = self.reasons(row, actor=_asker(request, row), ask=asked(request))
        except Invalid:  # The page token names somebody who is gone.
            return HttpResponseRedirect(request.path)
        return self.explanation(request, row, self.why_template, self.why_title, **told)

    def explanation(self, request: HttpRequest, row: Any, template: str, title: Any, **told: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "object": row,
            "original": row,
            "opts": self.opts,
            "back": self.address(row.pk),
            "chosen_reason": request.GET.get("reason", ""),
            "kept": urlencode({"channel": request.GET["channel"]}) + "&" if "channel" in request.GET else "",
            **told,
        }
        return TemplateResponse(request, f"admin/why/{template}.html", context)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        row = kwargs.get("obj")
        if row is not None:
            context["why"] = self.reasons(row, actor=_asker(request, row), ask=Ask(size=1))["headline"]
            context["why_page"] = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_why", args=[row.pk])
        return super().render_change_form(request, context, *args, **kwargs)


def _asker(request: HttpRequest, row: Any) -> Actor:
    return actor(request, row.workspace.account)


def asked(request: HttpRequest) -> Ask:
    """Which part of a list: ``?reason=full``, ``?after=<sid>``, and of a queue's workers ``?channel=voice``."""
    letter = LETTERS.get(request.GET.get("reason", ""), "")
    after, channel = (request.GET.get(name, "")[:MAX_NAME] for name in ("after", "channel"))
    return Ask(letters=letter, after=after, channel=channel)


def counted(counts: Mapping[str, int]) -> list[Reason]:
    """Nearest to serving first."""
    letters = [letter for letter in NEAREST_FIRST if counts.get(letter)]
    return [Reason(letter, wording.CODES[letter], wording.TITLES[letter], counts[letter]) for letter in letters]


def crowd(page: Page[Any], lines: list[Any], ask: Ask) -> dict[str, Any]:
    """One page of a list and the way to the next one."""
    code = wording.CODES[ask.letters] if ask.letters else ""
    more = urlencode({"after": page.next_token, **({"reason": code} if code else {})}) if page.next_token else ""
    return {"lines": lines, "count": page.count, "more": more, "paged": bool(ask.after)}


def person_line(person: Person) -> Line:
    """A worker as he stands now."""
    worker, detail = person.worker, person.detail
    return Line(worker.number, worker.friendly_name, detail.letter, wording.verdict(detail), hints(detail.clauses))


def standing_line(standing: Standing) -> Line:
    """A worker as he stood when an offer was made."""
    worker = standing.worker
    told = hints(standing.detail.clauses) if standing.lasting else ()
    sentence = wording.standing(standing)
    return Line(worker.number, worker.friendly_name, standing.letter, sentence, told, standing.chosen)


def hints(clauses: Any) -> tuple[str, ...]:
    """Likely mistakes, each once."""
    return tuple(dict.fromkeys(str(wording.HINTS[clause.hint]) for clause in clauses if clause.hint))
