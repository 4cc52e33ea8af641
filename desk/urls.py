"""The desk."""

from django.urls import path

from desk import contacts, views

urlpatterns = [
    path("desk/", views.desk, name="desk"),
    path("desk/conversations/<str:sid>/messages", views.messages, name="desk-messages"),
    path("desk/conversations/<str:sid>/files", views.upload, name="desk-files"),
    path("desk/files/<str:sid>", views.discard_upload, name="desk-file"),
    path("desk/conversations/<str:sid>/templates", views.templates, name="desk-templates"),
    path("desk/contacts", contacts.found, name="desk-contacts"),
    path("desk/contacts/<str:sid>", contacts.one, name="desk-contact"),
    path("desk/contacts/<str:sid>/conversations", contacts.past, name="desk-contact-conversations"),
]
