"""Writing many rows with one statement."""

from collections.abc import Sequence

from django.db import connection, models


def write_rows(rows: Sequence[models.Model], columns: Sequence[str]) -> None:
    """Write these columns of each row as they stand on the objects.

    The transaction has locked them already. One round trip on PostgreSQL; `bulk_update` would build a CASE with a
    branch for each row, in each column.
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


def insert_new(rows: Sequence[models.Model], *, unique: str) -> None:
    """Insert those whose ``unique`` column is not there yet, and let the others be. Outside a transaction it is one.

    `bulk_create` with ``ignore_conflicts`` would, on SQLite, let rows be that break any other rule, without a word.
    """
    if not rows:
        return
    meta = type(rows[0])._meta
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    places = ", ".join([f"({', '.join(['%s'] * len(fields))})"] * len(rows))
    given = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for row in rows for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{meta.db_table}" ({columns}) VALUES {places} ON CONFLICT ("{unique}") DO NOTHING',  # noqa: S608
            given,
        )
