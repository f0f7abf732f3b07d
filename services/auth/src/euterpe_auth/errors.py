"""Errors of auth, each with its status."""

from collections.abc import Mapping

from euterpe_service_kit.errors import (
    Conflict,
    FieldProblem,
    Forbidden,
    NotFound,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    Unprocessable,
)


class NameTaken(Conflict):
    """The name belongs to another account; case is ignored."""

    slug = "name-taken"

    def __init__(self) -> None:
        super().__init__(
            "This username is taken. Choose another one.",
            fields=[FieldProblem("body.username", "This username is taken. Choose another one.")],
        )


class GuessablePassword(Unprocessable):
    """The password is the account's name, or one of the most common passwords."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}", fields=[FieldProblem(field, message)])


class WrongPassword(Unprocessable):
    """The password that confirms a change is wrong. Not 401: the access token is valid."""

    slug = "wrong-password"

    def __init__(self, field: str) -> None:
        message = "The password is wrong."
        super().__init__(f"{field}: {message}", fields=[FieldProblem(field, message)])


class RecentAuthenticationRequired(Forbidden):
    """The password was entered too long ago for a change of credentials."""

    slug = "recent-authentication-required"

    def __init__(self, minutes: int) -> None:
        super().__init__(
            f"This needs your password, because you entered it more than {minutes} minutes ago. Confirm it with "
            "POST /api/v1/auth/me/reauthentication, or log in again."
        )


class MailNotConfigured(Conflict):
    """The operator has configured no mail server."""

    slug = "mail-not-configured"

    def __init__(self) -> None:
        super().__init__("This site sends no mails, because its operator has configured no mail server.")


class EmailTaken(Conflict):
    """The verified address belongs to another account."""

    slug = "email-taken"

    def __init__(self) -> None:
        super().__init__("This e-mail address belongs to another account. Remove it there, or use another address.")


class InvalidLink(Conflict):
    """Unknown, expired or used before; the response does not tell which."""

    slug = "invalid-link"

    def __init__(self) -> None:
        super().__init__("This link has expired or was used before. Request a new one.")


class InvalidUnsubscription(Conflict):
    """The token of the link was not issued by auth, or before a key was removed."""

    slug = "invalid-unsubscription"

    def __init__(self) -> None:
        super().__init__("This link to end digests is not valid. Log in, and turn them off on the notifications page.")


class TotpEnabled(Conflict):
    """The account has a second factor already."""

    slug = "second-factor-enabled"

    def __init__(self) -> None:
        super().__init__("Two-step login is enabled. Disable it before you set up another app.")


class NoTotpSecret(Conflict):
    """There is no secret to confirm."""

    slug = "no-authenticator-secret"

    def __init__(self) -> None:
        super().__init__("There is no secret to confirm. Create one with POST /api/v1/auth/me/totp.")


class WrongTotpCode(Unprocessable):
    """The code that confirms a secret is wrong."""

    slug = "wrong-code"

    def __init__(self) -> None:
        message = "The code is wrong or has expired. Check the clock of the device with the app."
        super().__init__(f"body.code: {message}", fields=[FieldProblem("body.code", message)])


class SecondFactorRequired(Unauthenticated):
    """The password is right, and the account needs a code."""

    slug = "second-factor-required"

    def __init__(self) -> None:
        super().__init__("This account needs a code of its authenticator app, or a recovery code. Send it as `code`.")


class WrongSecondFactor(Unauthenticated):
    """The password is right, and the code is not."""

    slug = "wrong-second-factor"

    def __init__(self) -> None:
        super().__init__("The code is wrong, has expired or was used before. Enter the next one.")


class WrongRecoveryCode(Unauthenticated):
    """The same for an unknown name and a wrong or used code."""

    slug = "wrong-recovery-code"

    def __init__(self) -> None:
        super().__init__("The username or the recovery code is wrong, or the code was used before.")


class PasskeysNotConfigured(Conflict):
    """The address of the pages is not set, to which passkeys are bound."""

    slug = "passkeys-not-configured"

    def __init__(self) -> None:
        super().__init__("This site offers no passkeys, because its operator has not set its address.")


class TooManyPasskeys(Conflict):
    """The account has the maximum number of passkeys."""

    slug = "too-many-passkeys"

    def __init__(self, limit: int) -> None:
        super().__init__(f"An account can have at most {limit} passkeys. Remove one first.")


class InvalidPasskey(Unauthenticated):
    """Unknown passkey, wrong signature, or expired challenge; the response does not tell which."""

    slug = "invalid-passkey"

    def __init__(self) -> None:
        super().__init__("The passkey was not accepted. Try again, or log in with your password.")


class PasskeyRefused(Unprocessable):
    """The response of the browser cannot be verified. Not 401: the access token is valid."""

    slug = "passkey-refused"

    def __init__(self) -> None:
        message = "The passkey was not accepted. Try again within five minutes."
        super().__init__(f"body.credential: {message}", fields=[FieldProblem("body.credential", message)])


class NoSuchPasskey(NotFound):
    """The passkey does not exist, or belongs to another account."""

    def __init__(self) -> None:
        super().__init__("You have no passkey with this id.")


class ProviderNotConfigured(Conflict):
    """The operator has configured no OpenID Connect provider."""

    slug = "provider-not-configured"

    def __init__(self) -> None:
        super().__init__("This site offers no login at another provider, because its operator has configured none.")


class ProviderUnavailable(Unavailable):
    """The provider cannot be reached, or is configured wrongly; the log has the reason."""

    slug = "provider-unavailable"

    def __init__(self) -> None:
        super().__init__("The provider is not available. Try again later, or log in in another way.")


class ProviderLoginRefused(Unauthenticated):
    """The provider's response cannot be verified. `reason` is for the log."""

    slug = "provider-login-refused"

    def __init__(self, reason: str) -> None:
        super().__init__("The response of the provider could not be verified. Start the login again.")
        self.reason = reason


class ProviderLoginEnded(Conflict):
    """The ticket is unknown, expired, used, of another account, or has no verified user yet."""

    slug = "provider-login-ended"

    def __init__(self) -> None:
        super().__init__("This login at the provider has ended. Start it again; it takes at most ten minutes.")


class NoProviderAccount(Conflict):
    """No account is linked with the provider's user."""

    slug = "no-provider-account"

    def __init__(self) -> None:
        super().__init__(
            "No account is linked with this user of the provider. Create one with POST "
            "/api/v1/auth/provider/registration, or log in to yours and link it."
        )


class ProviderLinked(Conflict):
    """The provider's user belongs to another account, or the account has another user of the provider."""

    slug = "provider-linked"

    def __init__(self) -> None:
        super().__init__(
            "This user of the provider is linked with another account, or your account with another user. Unlink it "
            "first."
        )


class NoProviderLink(NotFound):
    """The account is not linked with a provider."""

    def __init__(self) -> None:
        super().__init__("Your account is not linked with a provider.")


class OtherProviderUser(Unprocessable):
    """A confirmation by another user of the provider than the account's. Not 401: the access token is valid."""

    slug = "other-provider-user"

    def __init__(self) -> None:
        super().__init__("Log in at the provider as the user that is linked with your account.")


class ProviderAuthenticationTooOld(Unprocessable):
    """The provider has not asked for the password again, or does not say when it did."""

    slug = "provider-authentication-too-old"

    def __init__(self) -> None:
        super().__init__(
            "The provider does not confirm that you logged in there within the last ten minutes. Use your password or "
            "a passkey, or recover the password with a recovery code."
        )


class LastLoginMethod(Conflict):
    """Without this credential, nobody could log in to the account."""

    slug = "last-login-method"

    def __init__(self) -> None:
        super().__init__("This is the only way to log in to your account. Set a password or add a passkey first.")


class RegistrationProofRequired(Forbidden):
    """The solution of the challenge is missing, wrong, expired or was used before."""

    slug = "registration-proof-required"

    def __init__(self) -> None:
        super().__init__(
            "This site requires proof of work to register. Solve a new challenge from "
            "GET /api/v1/auth/registration-challenge, and send the solution as `proof`."
        )


class TooManyAttempts(TooManyRequests):
    """The same for existing and unknown names."""

    slug = "too-many-attempts"

    def __init__(self, retry_after_seconds: int) -> None:
        detail = f"Too many attempts. Try again in {retry_after_seconds} seconds."
        super().__init__(detail, retry_after_seconds=retry_after_seconds)


class TooManyKeys(Conflict):
    """The account has the maximum number of API keys."""

    slug = "too-many-keys"

    def __init__(self, limit: int) -> None:
        super().__init__(f"An account can have at most {limit} API keys. Revoke one first.")


class AccountSuspended(Forbidden):
    """An operator has suspended the account."""

    slug = "account-suspended"

    def __init__(self) -> None:
        super().__init__("This account is suspended. Ask the operator of this site.")


class NoSuchUser(NotFound):
    """There is no account with this name or id."""

    def __init__(self) -> None:
        super().__init__("There is no account with this name or id.")


class NoSuchSession(NotFound):
    """The session does not exist, or belongs to another account."""

    def __init__(self) -> None:
        super().__init__("You have no session with this id.")


class NoSuchKey(NotFound):
    """The key does not exist, or belongs to another account."""

    def __init__(self) -> None:
        super().__init__("You have no API key with this id.")


class NoSuchGuest(Conflict):
    """The guest was already claimed, or has expired."""

    slug = "no-such-guest"

    def __init__(self) -> None:
        super().__init__("This guest no longer exists. It may have been claimed before.")


class InvalidApiKey(Unauthenticated):
    """Unknown, expired or revoked; the response does not tell which."""

    slug = "invalid-api-key"

    def __init__(self) -> None:
        super().__init__("The API key is unknown, expired or revoked.")


class WrongCredentials(Unauthenticated):
    """The same for an unknown name and a wrong password."""

    slug = "wrong-credentials"

    def __init__(self) -> None:
        super().__init__("The username or the password is wrong.")


class InvalidRefreshToken(Unauthenticated):
    """Unknown, expired, revoked or used before; the response does not tell which."""

    slug = "invalid-refresh-token"

    def __init__(self) -> None:
        super().__init__("The refresh token is no longer valid. Log in again.")


class InvalidClient(Unauthenticated):
    """No service client has this id and secret."""

    slug = "invalid-client"

    def __init__(self) -> None:
        super().__init__("The client id or the client secret is wrong.")

    @property
    def headers(self) -> Mapping[str, str]:
        """Clients authenticate with HTTP Basic (RFC 6749, section 2.3.1)."""
        return {"WWW-Authenticate": 'Basic realm="euterpe-internal"'}
