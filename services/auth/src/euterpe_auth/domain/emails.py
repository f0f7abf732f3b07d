"""E-mail addresses."""

from typing import Final

from email_validator import EmailNotValidError, validate_email

MAX_EMAIL_LENGTH: Final = 254


def normalise_email(text: str) -> str | None:
    """Return an address in its usual form, its domain in ASCII; None if the text is no address.

    Whether the domain receives mail is not looked up: only the link in the mail proves that.
    """
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return None
    return found.ascii_email
