"""Order of the versions of bundles."""

from packaging.version import InvalidVersion, Version


def version_key(version: str) -> tuple[bool, Version, str]:
    """Return a sort key: 1.10.0 after 1.9.0, 1.0.0-rc.1 before 1.0.0, and anything that is not a version first."""
    try:
        return True, Version(version), version
    except InvalidVersion:
        return False, Version("0"), version
