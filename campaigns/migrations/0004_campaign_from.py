from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("campaigns", "0003_services"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(("address__isnull", False), ("service__isnull", True))
                | models.Q(("address__isnull", True), ("service__isnull", False)),
                name="campaign_from",
            ),
        ),
    ]
