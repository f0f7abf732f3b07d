"""`python -m euterpe_stack.rotate_keys`: replace auth's signing key in the product that runs on this machine.

It runs `python -m euterpe_auth rotate-keys` with its own arguments and with auth's environment.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from euterpe_stack import secret_file
from euterpe_stack.bootstrap import DATABASE, role_of
from euterpe_stack.errors import StackError
from euterpe_stack.postgres import running_port
from euterpe_stack.services import SERVICE_NAMES
from euterpe_stack.settings import StackSettings, child_environment


def auth_environment(data: Path) -> dict[str, str]:
    """Return the environment in which auth can read its keys. Raises StackError if the product is not running."""
    port = running_port(data / "postgres")
    secrets = secret_file.load_or_create(data / "secrets.json", SERVICE_NAMES)
    password = secrets.database_passwords["auth"]
    url = f"postgresql+asyncpg://{role_of('auth')}:{password}@127.0.0.1:{port}/{DATABASE}"
    own = {"EUTERPE_AUTH_DATABASE_URL": url, "EUTERPE_AUTH_KEY_ENCRYPTION_KEY": secrets.key_encryption_key}
    return child_environment(own)


def main(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> int:
    """Return auth's exit status, or 1 after printing an error."""
    try:
        settings = StackSettings.from_environment(environment)
        auth = auth_environment(settings.data)
    except StackError as error:
        print(f"euterpe: {error}", file=sys.stderr)
        return 1
    command = [sys.executable, "-m", "euterpe_auth", "rotate-keys", *arguments]
    return subprocess.run(command, env=auth, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
