"""The carrier's webhooks and the files."""

from django.urls import path

from conversations import views, webhooks

urlpatterns = [
    path("webhooks/twilio/messages", webhooks.messages, name="twilio-messages"),
    path("webhooks/twilio/fallback", webhooks.messages, name="twilio-fallback"),
    path("webhooks/twilio/status/<str:message_sid>/<int:fence>", webhooks.status, name="twilio-status"),
    path("media/<str:sid>", views.media, name="media"),
    path("media/shared/<str:token>", views.shared, name="media-shared"),
    path("media/<str:sid>/thumbnail", views.thumbnail, name="media-thumbnail"),
]
