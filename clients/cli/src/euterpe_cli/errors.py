"""What the user is told when something cannot be done."""


class CliError(Exception):
    """One sentence for the user; the command ends with status 1."""


class NotLoggedIn(CliError):
    """The command needs a login that is not there or not valid any more."""


class ServerUnreachable(CliError):
    """Nothing answered; trying again may work."""
