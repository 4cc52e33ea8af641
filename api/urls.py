"""The API's addresses."""

from django.urls import path

from api import pages, views

# What the OpenAPI document describes.
resources = [
    path("api/v1/handoffs", views.HandOffs.as_view(), name="api-handoffs"),
    path("api/v1/handoffs/<str:sid>", views.HandOff.as_view(), name="api-handoff"),
    path("api/v1/conversations/<str:sid>", views.ConversationItem.as_view(), name="api-conversation"),
    path("api/v1/conversations/<str:sid>/messages", views.Messages.as_view(), name="api-messages"),
]

urlpatterns = [
    *resources,
    path("api/schema/", pages.schema, name="api-schema"),
    path("api/docs/", pages.docs, name="api-docs"),
    path("api/v1/<path:rest>", views.Nothing.as_view()),
]
