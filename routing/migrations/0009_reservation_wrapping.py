from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("routing", "0008_lean_reservations"),
    ]

    operations = [
        migrations.AddField(
            model_name="reservation",
            name="wrapping_at",
            field=models.DateTimeField(null=True),
        ),
    ]
