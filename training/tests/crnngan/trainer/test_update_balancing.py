import pytest
from euterpe_training.crnngan.trainer.update_balancing import frozen_sides


@pytest.mark.parametrize(
    ("d_loss", "g_loss", "frozen"),
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
def test_who_is_far_ahead_rests(d_loss: float, g_loss: float, frozen: tuple[bool, bool]) -> None:
    assert frozen_sides(d_loss, g_loss) == frozen
