"""A key may be bound to one worker."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0002_tokens"),
    ]

    operations = [
        migrations.AddField(
            "apikey",
            "worker_sid",
            models.CharField(
                blank=True,
                default="",
                editable=False,
                help_text="The key acts for this worker alone.",
                max_length=34,
                verbose_name="worker",
            ),
            preserve_default=False,
        ),
    ]
