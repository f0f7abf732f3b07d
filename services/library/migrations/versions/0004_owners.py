"""Own songs: more orders, the owner as a lexeme, and filterable measures as columns with statistics."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ALIVE = sa.text("deleted_at IS NULL")
_PUBLIC = sa.text("deleted_at IS NULL AND visibility = 'public'")
_MEASURES = ("scale_score", "polyphony", "tone_span", "notes_per_second")


def upgrade() -> None:
    for name in _MEASURES:
        op.drop_index(f"ix_songs_{name}", "songs")
        of_json = sa.Computed(f"((measures ->> '{name}'::text))::double precision", persisted=True)
        op.add_column("songs", sa.Column(name, sa.Double(), of_json))
        op.create_index(f"ix_songs_{name}", "songs", [name])
    op.drop_index("ix_songs_public_tempo", "songs")
    op.create_index("ix_songs_tempo_bpm", "songs", ["tempo_bpm"])
    # Without a condition: PostgreSQL does not combine partial indexes with the same condition.
    op.drop_index("ix_songs_search", "songs")
    _create_search_index(where=None)
    for column in ("document", "search_text"):
        op.execute(f"ALTER TABLE songs ALTER COLUMN {column} SET STATISTICS 500")
    op.execute(
        "UPDATE songs SET document ="
        " array_to_tsvector(array_append(tsvector_to_array(document), 'o:' || lower(owner_id)))"
    )
    title = sa.text('"left"(title_folded, 64)')
    op.create_index("ix_songs_owner_title", "songs", ["owner_id", title, "id"], postgresql_where=_ALIVE)
    duration = ["owner_id", "duration_seconds", "id"]
    op.create_index("ix_songs_owner_duration", "songs", duration, postgresql_where=_ALIVE)


def downgrade() -> None:
    for column in ("document", "search_text"):
        op.execute(f"ALTER TABLE songs ALTER COLUMN {column} SET STATISTICS -1")
    op.drop_index("ix_songs_search", "songs")
    _create_search_index(where=_ALIVE)
    op.drop_index("ix_songs_tempo_bpm", "songs")
    op.create_index("ix_songs_public_tempo", "songs", ["tempo_bpm"], postgresql_where=_PUBLIC)
    for name in _MEASURES:
        op.drop_column("songs", name)
        expression = sa.text(f"((measures ->> '{name}')::float8)")
        op.create_index(f"ix_songs_{name}", "songs", [expression], postgresql_where=_PUBLIC)
    op.drop_index("ix_songs_owner_duration", "songs")
    op.drop_index("ix_songs_owner_title", "songs")
    op.execute("UPDATE songs SET document = ts_delete(document, 'o:' || lower(owner_id))")


def _create_search_index(*, where: sa.TextClause | None) -> None:
    connection = op.get_bind()
    schema = connection.scalar(
        sa.text(
            "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace"
            " WHERE e.extname = 'pg_trgm'"
        )
    )
    trigrams = f"{connection.dialect.identifier_preparer.quote(str(schema))}.gin_trgm_ops"
    op.create_index(
        "ix_songs_search",
        "songs",
        ["document", "search_text"],
        postgresql_using="gin",
        postgresql_ops={"search_text": trigrams},
        postgresql_with={"fastupdate": "off"},
        postgresql_where=where,
    )
