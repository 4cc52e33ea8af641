"""Writing many rows that the transaction has locked already."""

from collections.abc import Sequence

from django.db import connection, models


def write_rows(rows: Sequence[models.Model], columns: Sequence[str]) -> None:
    """Write these columns of each row as they stand on the objects.

    One round trip on PostgreSQL. `bulk_update` would build a CASE with a branch for each row, in each column.
    """
    if not rows:
        return
    meta = type(rows[0])._meta
    named = {field.name: field for field in meta.concrete_fields}
    fields = [named[name] for name in columns]
    setters = ", ".join(f'"{field.column}" = %s' for field in fields)
    with connection.cursor() as cursor:
        cursor.executemany(
            f'UPDATE "{meta.db_table}" SET {setters} WHERE id = %s',  # noqa: S608 - only names of ours
            [
                [*(field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields), row.pk]
                for row in rows
            ],
        )
