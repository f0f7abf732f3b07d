import random

from euterpe_generator.domain.versions import version_key


def test_versions_are_ordered_by_number_and_pre_releases_come_first() -> None:
    versions = ["latest", "0.9.9", "1.0.0-alpha", "1.0.0-rc.1", "1.0.0", "1.9.0", "1.10.0+build.5", "2.0.0"]
    shuffled = random.Random(1).sample(versions, len(versions))
    assert sorted(shuffled, key=version_key) == versions
