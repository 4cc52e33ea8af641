"""The chat's pages."""

from django.urls import path

from webchat import views

urlpatterns = [
    path("chat/widget.js", views.widget, name="chat-widget"),
    path("chat/frame", views.frame, name="chat-frame"),
    path("chat/demo", views.demo, name="chat-demo"),
    path("chat/sessions", views.begin, name="chat-sessions"),
    path("chat/media/<str:sid>", views.media, name="chat-media"),
    path("chat/media/<str:sid>/thumbnail", views.thumbnail, name="chat-media-thumbnail"),
]
