import pytest
from euterpe_training.crnngan.trainer.update_balancing import skipped_updates


@pytest.mark.parametrize(
    ("d_loss", "g_loss", "skipped"),
    [
        (1.0, 1.0, (False, False)),
        (0.6, 1.0, (True, False)),
        (1.0, 0.6, (False, True)),
        (2.1, 9.0, (False, False)),
        (1.9, 9.0, (True, False)),
        (0.0, 5.0, (True, False)),
        (5.0, 0.0, (False, True)),
    ],
)
def test_the_network_with_the_far_lower_loss_skips_its_update(
    d_loss: float, g_loss: float, skipped: tuple[bool, bool]
) -> None:
    assert skipped_updates(d_loss, g_loss) == skipped
