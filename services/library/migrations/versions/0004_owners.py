"""One's own songs: more orders, and their owner among the lexemes; measures to filter by as columns with statistics."""

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
        op.create_index(f"ix_songs_public_{name}", "songs", [name], postgresql_where=_PUBLIC)
    op.execute(
        "UPDATE songs SET document ="
        " array_to_tsvector(array_append(tsvector_to_array(document), 'o:' || lower(owner_id)))"
    )
    title = sa.text('"left"(title_folded, 64)')
    op.create_index("ix_songs_owner_title", "songs", ["owner_id", title, "id"], postgresql_where=_ALIVE)
    duration = ["owner_id", "duration_seconds", "id"]
    op.create_index("ix_songs_owner_duration", "songs", duration, postgresql_where=_ALIVE)


def downgrade() -> None:
    for name in _MEASURES:
        op.drop_column("songs", name)
        expression = sa.text(f"((measures ->> '{name}')::float8)")
        op.create_index(f"ix_songs_{name}", "songs", [expression], postgresql_where=_PUBLIC)
    op.drop_index("ix_songs_owner_duration", "songs")
    op.drop_index("ix_songs_owner_title", "songs")
    op.execute("UPDATE songs SET document = ts_delete(document, 'o:' || lower(owner_id))")
