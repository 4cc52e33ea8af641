"""Files that wait to be sent belong to agents, bots and visitors."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def name_owners(apps, _schema_editor):
    upload, worker = apps.get_model("conversations", "Upload"), apps.get_model("agents", "Worker")
    upload.objects.update(owner_sid=Subquery(worker.objects.filter(pk=OuterRef("worker_id")).values("sid")[:1]))


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0012_rcs"),
    ]

    operations = [
        migrations.AddField(
            model_name="upload",
            name="owner_sid",
            field=models.CharField(default="", max_length=34),
            preserve_default=False,
        ),
        migrations.RunPython(name_owners, migrations.RunPython.noop, elidable=True),
        migrations.RemoveField(model_name="upload", name="worker"),
        migrations.AlterField(
            model_name="upload",
            name="conversation",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="uploads",
                to="conversations.conversation",
            ),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(fields=["owner_sid"], name="upload_owner"),
        ),
    ]
