"""What a worker takes at once can be changed on a condition: it has a version."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("agents", "0002_taskrouter"),
    ]

    operations = [
        migrations.AddField("workerchannel", "version", models.PositiveBigIntegerField(default=1, editable=False)),
    ]
