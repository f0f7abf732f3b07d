"""`python -m euterpe_auth` runs the service; `rotate-keys` and `reencrypt-keys` replace its keys."""

import argparse
import asyncio
import sys

from cryptography.fernet import InvalidToken
from euterpe_service_kit.database import Database
from euterpe_service_kit.serve import serve

from euterpe_auth.app import create_app
from euterpe_auth.domain.clock import utc_now
from euterpe_auth.services.key_rotation import KeyRotation, RotationInProgressError
from euterpe_auth.settings import Settings


def main(arguments: list[str]) -> int:
    """Run a command, and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m euterpe_auth", description=__doc__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    rotate = commands.add_parser("rotate-keys", help="replace the signing key; valid tokens are still accepted")
    rotate.add_argument(
        "--compromised", action="store_true", help="revoke all current keys at once; all access tokens become invalid"
    )
    commands.add_parser(
        "reencrypt-keys",
        help="encrypt the stored secrets with the first key of EUTERPE_AUTH_KEY_ENCRYPTION_KEY",
    )
    chosen = parser.parse_args(arguments)
    settings = Settings()
    if chosen.command == "rotate-keys":
        return asyncio.run(_rotate(settings, compromised=chosen.compromised))
    if chosen.command == "reencrypt-keys":
        return asyncio.run(_reencrypt(settings))
    serve(create_app(settings), settings)
    return 0


async def _rotate(settings: Settings, *, compromised: bool) -> int:
    database = Database(settings.database_url.get_secret_value(), schema="auth")
    rotation = KeyRotation(database, settings.key_encryption_key.get_secret_value(), utc_now)
    try:
        done = await rotation.rotate(compromised=compromised)
    except RotationInProgressError as error:
        print(f"A rotation is in progress. {error}", file=sys.stderr)
        return 1
    finally:
        await database.close()
    print(
        f"The key {done.kid} signs from {done.signs_from:%Y-%m-%d %H:%M:%S} UTC; "
        f"the previous keys are accepted until {done.old_keys_published_until:%H:%M:%S}."
    )
    return 0


async def _reencrypt(settings: Settings) -> int:
    database = Database(settings.database_url.get_secret_value(), schema="auth")
    rotation = KeyRotation(database, settings.key_encryption_key.get_secret_value(), utc_now)
    try:
        count = await rotation.reencrypt()
    except InvalidToken:
        print(
            "A stored secret was encrypted with none of the keys in EUTERPE_AUTH_KEY_ENCRYPTION_KEY.", file=sys.stderr
        )
        return 1
    finally:
        await database.close()
    print(f"{count} stored secrets are encrypted with the first key; the others can be removed from the setting.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
