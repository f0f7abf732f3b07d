"""Songs, with indexes for listings and for searching titles."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ALIVE = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "songs",
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_folded", sa.Text(), nullable=False),
        sa.Column("midi_key", sa.Text(), nullable=False),
        sa.Column("midi_sha256", sa.Text(), nullable=False),
        sa.Column("midi_size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(), nullable=False),
        sa.Column("duration_seconds", sa.Float(), nullable=False),
        sa.Column("note_count", sa.Integer(), nullable=False),
        sa.Column("measures", postgresql.JSONB(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_songs"),
        sa.UniqueConstraint("source_id", name="uq_songs_source_id"),
    )
    op.create_index(
        "ix_songs_owner_newest",
        "songs",
        ["owner_id", sa.text("created_at DESC"), sa.text("id DESC")],
        postgresql_where=_ALIVE,
    )
    op.create_index(
        "ix_songs_title_trigrams",
        "songs",
        ["title_folded"],
        postgresql_using="gin",
        postgresql_ops={"title_folded": f"{_trigram_schema()}.gin_trgm_ops"},
        postgresql_where=_ALIVE,
    )


def downgrade() -> None:
    # The extension is kept: an operator or another service may use it.
    op.drop_table("songs")


def _trigram_schema() -> str:
    """Create the extension unless it exists; return its schema, which may not be on our search path."""
    connection = op.get_bind()
    connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
    schema = connection.scalar(
        sa.text(
            "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace"
            " WHERE e.extname = 'pg_trgm'"
        )
    )
    return connection.dialect.identifier_preparer.quote(str(schema))
