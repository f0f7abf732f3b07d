"""Order of version strings."""


def version_key(version: str) -> tuple[tuple[int, ...], bool, str]:
    """Return a sort key: 1.10.0 after 1.9.0, 1.0.0-rc.1 before 1.0.0, and anything that is not a version first."""
    core, _, suffix = version.partition("-")
    numbers = core.partition("+")[0].split(".")
    release = tuple(int(number) for number in numbers) if all(number.isdecimal() for number in numbers) else ()
    return release, not suffix, suffix
