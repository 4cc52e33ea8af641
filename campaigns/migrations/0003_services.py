from typing import Any

import django.db.models.deletion
from django.db import migrations, models


def channels(apps: Any, _editor: Any) -> None:
    """Those that stand have their address's."""
    campaign = apps.get_model("campaigns", "Campaign")
    for row in campaign.objects.select_related("address").iterator():
        campaign.objects.filter(pk=row.pk).update(channel=row.address.channel)


class Migration(migrations.Migration):

    dependencies = [
        ("campaigns", "0002_templates"),
        ("conversations", "0014_consent_of_a_service"),
    ]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="channel",
            field=models.CharField(
                choices=[
                    ("sms", "SMS"),
                    ("rcs", "RCS"),
                    ("whatsapp", "WhatsApp"),
                    ("messenger", "Messenger"),
                    ("webchat", "Web chat"),
                ],
                default="sms",
                max_length=16,
                verbose_name="channel",
            ),
            preserve_default=False,
        ),
        migrations.RunPython(channels, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="campaign",
            name="address",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="campaigns",
                to="conversations.address",
                verbose_name="our address",
            ),
        ),
        migrations.AddField(
            model_name="campaign",
            name="service",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="campaigns",
                to="conversations.messagingservice",
                verbose_name="messaging service",
            ),
        ),
    ]
