from django.apps import AppConfig


class TwinConfig(AppConfig):
    """A provider to develop and to evaluate with; ``TWIN_ENABLED`` opens it."""

    name = "carriers.twin"
    label = "twin"
    verbose_name = "Provider's twin"

    def ready(self) -> None:
        from carriers.twin import outbox, tasks

        outbox.listen(tasks.ring)
