"""Which side of the game rests (references.md §1)."""


def frozen_sides(d_loss: float, g_loss: float) -> tuple[bool, bool]:
    """Whether (D, G) is frozen for this batch.

    If either loss is under 2, D rests when d < 0.7·g and G when g < 0.7·d; a loss of exactly 0 rests its side.
    This is what the reference's comments intend; its code swaps arguments, so that only G ever rests.
    """
    close = d_loss < 2 or g_loss < 2
    return d_loss == 0 or (close and d_loss < 0.7 * g_loss), g_loss == 0 or (close and g_loss < 0.7 * d_loss)
