"""The API's addresses."""

from django.urls import path

from api import pages, views
from api.campaigns import views as campaigns
from api.files import views as files
from api.scheduled import views as scheduled
from api.why import views as why

# What the OpenAPI document describes.
resources = [
    path("api/v1/handoffs", views.HandOffs.as_view(), name="api-handoffs"),
    path("api/v1/handoffs/<str:sid>", views.HandOff.as_view(), name="api-handoff"),
    path("api/v1/conversations/<str:sid>", views.ConversationItem.as_view(), name="api-conversation"),
    path("api/v1/conversations/<str:sid>/messages", views.Messages.as_view(), name="api-messages"),
    path("api/v1/conversations/<str:sid>/files", files.Files.as_view(), name="api-files"),
    path("api/v1/conversations/<str:sid>/scheduled", scheduled.ScheduledMessages.as_view(), name="api-scheduled-list"),
    path("api/v1/scheduled/<str:sid>", scheduled.ScheduledMessageItem.as_view(), name="api-scheduled"),
    path("api/v1/calendars", views.Calendars.as_view(), name="api-calendars"),
    path("api/v1/calendars/<str:name>", views.CalendarItem.as_view(), name="api-calendar"),
    path("api/v1/campaigns", campaigns.Campaigns.as_view(), name="api-campaigns"),
    path("api/v1/campaigns/<str:sid>", campaigns.CampaignItem.as_view(), name="api-campaign"),
    path("api/v1/campaigns/<str:sid>/recipients", campaigns.Recipients.as_view(), name="api-recipients"),
    path("api/v1/tasks/<str:sid>/why", why.Task.as_view(), name="api-why-task"),
    path("api/v1/reservations/<str:sid>/why", why.Reservation.as_view(), name="api-why-reservation"),
    path("api/v1/workers/<str:sid>/why", why.Worker.as_view(), name="api-why-worker"),
    path("api/v1/queues/<str:sid>/why", why.TaskQueue.as_view(), name="api-why-queue"),
]

urlpatterns = [
    *resources,
    path("api/schema/", pages.schema, name="api-schema"),
    path("api/docs/", pages.docs, name="api-docs"),
    path("api/v1/<path:rest>", views.Nothing.as_view()),
]
