"""Labels of the comparisons made before revision 0005.

Until then the label was only in the title, "Title (label)". The pieces of a comparison have one seed, unlike those of
other orders. A label with parentheses of its own is not recovered. Apart from 0005, so that its lock on the table does
not last as long as this update.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_FILL = """
    UPDATE generations AS piece SET label = substring(piece.title FROM ' [(]([^()]+)[)]$')
    FROM generations AS second JOIN generations AS first
      ON first.order_id = second.order_id AND first.variation = 0 AND first.seed = second.seed
    WHERE second.variation = 1 AND piece.order_id = second.order_id AND piece.label IS NULL
"""


def upgrade() -> None:
    op.execute(_FILL)


def downgrade() -> None:
    pass
