"""The chat's pages."""

from django.urls import path

from webchat import views

urlpatterns = [
    path("chat/widget.js", views.widget, name="chat-widget"),
    path("chat/frame", views.frame, name="chat-frame"),
    path("chat/demo", views.demo, name="chat-demo"),
    path("chat/sessions", views.begin, name="chat-sessions"),
    path("chat/files", views.bring, name="chat-files"),
    path("chat/files/<str:sid>", views.take_back, name="chat-file"),
    path("chat/media/<str:sid>", views.media, name="chat-media"),
    path("chat/media/<str:sid>/thumbnail", views.thumbnail, name="chat-media-thumbnail"),
]
