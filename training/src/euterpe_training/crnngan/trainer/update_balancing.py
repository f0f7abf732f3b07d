"""Update balancing: which network skips its update in a batch (references.md §1)."""


def skipped_updates(d_loss: float, g_loss: float) -> tuple[bool, bool]:
    """Return whether (D, G) skips its update in this batch.

    If either loss is under 2, D skips when d < 0.7·g and G when g < 0.7·d; a network with a loss of exactly 0 skips.
    This is what the reference's comments describe; its code swaps arguments, so that only G ever skips.
    """
    close = d_loss < 2 or g_loss < 2
    return d_loss == 0 or (close and d_loss < 0.7 * g_loss), g_loss == 0 or (close and g_loss < 0.7 * d_loss)
