"""The files. The carrier's webhooks come in ahead of Django: ``conversations/webhooks.py``."""

from django.urls import path

from conversations import views

urlpatterns = [
    path("media/<str:sid>", views.media, name="media"),
    path("media/shared/<str:token>", views.shared, name="media-shared"),
    path("media/<str:sid>/thumbnail", views.thumbnail, name="media-thumbnail"),
]
