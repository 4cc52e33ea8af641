"""Where copies are fetched."""

from django.urls import path

from privacy import views

urlpatterns = [path("privacy/exports/<str:sid>", views.export, name="privacy-export")]
