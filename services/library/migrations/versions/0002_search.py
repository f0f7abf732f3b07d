"""Metadata and visibility of songs, and the search indexes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ALIVE = "deleted_at IS NULL"
_PUBLIC = "deleted_at IS NULL AND visibility = 'public'"
_EMPTY_ARRAY = sa.text("'{}'::text[]")
_MEASURES = ("scale_score", "polyphony", "tone_span", "notes_per_second")


def upgrade() -> None:
    for column in _columns():
        op.add_column("songs", column)
    for name in ("model", "model_version", "seed"):
        op.alter_column("songs", name, nullable=True)
    op.create_check_constraint("ck_songs_visibility", "songs", "visibility IN ('private', 'unlisted', 'public')")
    op.create_check_constraint("ck_songs_published", "songs", "visibility <> 'public' OR published_at IS NOT NULL")
    _find_older_songs_too()
    _create_indexes()


def downgrade() -> None:
    # Imported songs have no model, which revision 0001 requires.
    op.execute("DELETE FROM songs WHERE model IS NULL")
    for name in ("model", "model_version", "seed"):
        op.alter_column("songs", name, nullable=False)
    op.drop_constraint("ck_songs_published", "songs")
    op.drop_constraint("ck_songs_visibility", "songs")
    op.drop_index("ix_songs_search", "songs")
    for column in _columns():
        op.drop_column("songs", column.name)
    for name in ("ix_songs_midi_key", "ix_songs_deleted", "ix_songs_trash", *(f"ix_songs_{m}" for m in _MEASURES)):
        op.drop_index(name, "songs", if_exists=True)
    op.create_index(
        "ix_songs_title_trigrams",
        "songs",
        ["title_folded"],
        postgresql_using="gin",
        postgresql_ops={"title_folded": f"{_trigram_schema()}.gin_trgm_ops"},
        postgresql_where=sa.text(_ALIVE),
    )


def _columns() -> list[sa.Column[object]]:
    return [
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default=_EMPTY_ARRAY, nullable=False),
        sa.Column("key", sa.Text()),
        sa.Column("tempo_bpm", sa.Float()),
        sa.Column("instruments", postgresql.ARRAY(sa.Text()), server_default=_EMPTY_ARRAY, nullable=False),
        sa.Column("style", sa.Text()),
        sa.Column("visibility", sa.Text(), server_default="private", nullable=False),
        sa.Column("comments_open", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("remix_of", postgresql.UUID(as_uuid=True)),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.Column("search_text", sa.Text(), server_default="", nullable=False),
        sa.Column("document", postgresql.TSVECTOR(), server_default="", nullable=False),
    ]


def _find_older_songs_too() -> None:
    """Approximates the words of `domain/terms.py`; the next change of a song stores the exact ones."""
    op.execute(
        r"""
        UPDATE songs SET search_text = title_folded, document = array_to_tsvector(
          ARRAY(SELECT DISTINCT 'w:' || word
                FROM regexp_split_to_table(title_folded, '[^[:alnum:]]+') AS word WHERE word <> '')
          || ARRAY['m:' || lower(model), 'v:' || lower(model || '@' || model_version), 'n:' || seed])
        """
    )


def _create_indexes() -> None:
    op.drop_index("ix_songs_title_trigrams", "songs")
    # Without a pending list, which a search would scan sequentially.
    op.create_index(
        "ix_songs_search",
        "songs",
        ["document", "search_text"],
        postgresql_using="gin",
        postgresql_ops={"search_text": f"{_trigram_schema()}.gin_trgm_ops"},
        postgresql_with={"fastupdate": "off"},
        postgresql_where=sa.text(_ALIVE),
    )
    public = {"postgresql_where": sa.text(_PUBLIC)}
    newest = [sa.text("published_at DESC"), sa.text("id DESC")]
    op.create_index("ix_songs_public_newest", "songs", newest, **public)
    op.create_index("ix_songs_public_author", "songs", ["owner_id", *newest], **public)
    op.create_index("ix_songs_public_title", "songs", [sa.text('"left"(title_folded, 64)'), "id"], **public)
    op.create_index("ix_songs_public_duration", "songs", ["duration_seconds", "id"], **public)
    op.create_index("ix_songs_public_tempo", "songs", ["tempo_bpm"], **public)
    for name in _MEASURES:
        op.create_index(f"ix_songs_{name}", "songs", [sa.text(f"((measures ->> '{name}')::float8)")], **public)
    deleted = {"postgresql_where": sa.text("deleted_at IS NOT NULL")}
    op.create_index("ix_songs_trash", "songs", ["owner_id", sa.text("deleted_at DESC"), sa.text("id DESC")], **deleted)
    op.create_index("ix_songs_deleted", "songs", ["deleted_at"], **deleted)
    op.create_index("ix_songs_midi_key", "songs", ["midi_key"])


def _trigram_schema() -> str:
    connection = op.get_bind()
    schema = connection.scalar(
        sa.text(
            "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace"
            " WHERE e.extname = 'pg_trgm'"
        )
    )
    return connection.dialect.identifier_preparer.quote(str(schema))
