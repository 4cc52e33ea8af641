"""Each account gets an auth token, keys may expire, and digests of secrets become keyed."""

from django.db import migrations, models

import accounts.models


def give_tokens(apps, schema_editor):
    """Each account one of its own: a default would give all of them the same."""
    for account in apps.get_model("accounts", "Account").objects.all():
        account.auth_token = accounts.models.new_auth_token()
        account.save(update_fields=["auth_token"])


def key_digests(apps, schema_editor):
    """A bare digest becomes the keyed one of the same secret: no key in use is lost."""
    for key in apps.get_model("accounts", "ApiKey").objects.all():
        key.secret_hash = accounts.models.KEY_SECRETS.digest(key.secret_hash)
        key.save(update_fields=["secret_hash"])


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.AddField("account", "auth_token", models.TextField(default="", editable=False)),
        migrations.RunPython(give_tokens, migrations.RunPython.noop),
        migrations.RunPython(key_digests),
        migrations.AlterField(
            "account", "auth_token", models.TextField(default=accounts.models.new_auth_token, editable=False)
        ),
        migrations.AddField(
            "apikey",
            "expires_at",
            models.DateTimeField(
                blank=True,
                help_text="From then on the key opens nothing; empty: it never expires.",
                null=True,
                verbose_name="expires",
            ),
        ),
    ]
