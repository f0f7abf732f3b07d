"""Subjects and texts of mails, in English and Spanish."""

from typing import Final

from euterpe_auth.domain.mails import Language, Notice

_GREETING: Final = {"en": "Hello {username},", "es": "Hola, {username}:"}
_FOOTER: Final = {
    "en": "This mail was sent by Euterpe at {site}.",
    "es": "Euterpe ha enviado este correo desde {site}.",
}

_VERIFICATION: Final = {
    "en": (
        "Confirm your e-mail address",
        "open this link within 24 hours to confirm that this address belongs to your account:",
        "If you have not entered this address at Euterpe, ignore this mail.",
    ),
    "es": (
        "Confirma tu dirección de correo",
        "abre este enlace antes de 24 horas para confirmar que esta dirección pertenece a tu cuenta:",
        "Si no has escrito esta dirección en Euterpe, ignora este correo.",
    ),
}

_RECOVERY: Final = {
    "en": (
        "Choose a new password",
        "open this link within one hour to choose a new password for your account. The link works once:",
        "If you have not requested this, ignore this mail. Your password stays the same.",
    ),
    "es": (
        "Elige una contraseña nueva",
        "abre este enlace antes de una hora para elegir una contraseña nueva. El enlace funciona una sola vez:",
        "Si no lo has pedido, ignora este correo. Tu contraseña no cambia.",
    ),
}

_NOTICES: Final = {
    Notice.EMAIL_CHANGED: {
        "en": (
            "Your e-mail address was changed",
            "the e-mail address of your account was changed. Mails of Euterpe no longer go to this address.",
        ),
        "es": (
            "Se ha cambiado tu dirección de correo",
            "la dirección de correo de tu cuenta se ha cambiado. Los correos de Euterpe ya no llegan a esta dirección.",
        ),
    },
    Notice.EMAIL_REMOVED: {
        "en": (
            "Your e-mail address was removed",
            "the e-mail address was removed from your account. A lost password can no longer be recovered with it.",
        ),
        "es": (
            "Se ha quitado tu dirección de correo",
            "la dirección de correo se ha quitado de tu cuenta. Ya no sirve para recuperar una contraseña olvidada.",
        ),
    },
    Notice.PASSWORD_CHANGED: {
        "en": ("Your password was changed", "the password of your account was changed."),
        "es": ("Se ha cambiado tu contraseña", "la contraseña de tu cuenta se ha cambiado."),
    },
    Notice.PASSWORD_RECOVERED: {
        "en": (
            "Your password was recovered",
            "a new password was chosen for your account, and all its sessions were ended.",
        ),
        "es": (
            "Se ha recuperado tu contraseña",
            "se ha elegido una contraseña nueva para tu cuenta y se han cerrado todas sus sesiones.",
        ),
    },
    Notice.RECOVERY_CODES_CREATED: {
        "en": (
            "New recovery codes were created",
            "new recovery codes were created for your account. The earlier ones are no longer valid.",
        ),
        "es": (
            "Se han creado códigos de recuperación nuevos",
            "se han creado códigos de recuperación nuevos para tu cuenta. Los anteriores ya no valen.",
        ),
    },
    Notice.SECOND_FACTOR_ENABLED: {
        "en": ("Two-step login was enabled", "logging in to your account now needs a code of an authenticator app."),
        "es": (
            "Se ha activado la verificación en dos pasos",
            "entrar en tu cuenta requiere ahora un código de una app de autenticación.",
        ),
    },
    Notice.SECOND_FACTOR_DISABLED: {
        "en": ("Two-step login was disabled", "logging in to your account no longer needs a code."),
        "es": (
            "Se ha desactivado la verificación en dos pasos",
            "entrar en tu cuenta ya no requiere un código.",
        ),
    },
    Notice.SECOND_FACTOR_REMOVED: {
        "en": (
            "Two-step login was removed",
            "the operator of this site removed two-step login from your account. Set it up again on the account page.",
        ),
        "es": (
            "Se ha quitado la verificación en dos pasos",
            "el administrador de este sitio ha quitado la verificación en dos pasos de tu cuenta. Vuelve a activarla.",
        ),
    },
    Notice.PASSKEY_ADDED: {
        "en": ("A passkey was added", "a passkey was added to your account. It can be used to log in."),
        "es": ("Se ha añadido una llave de acceso", "se ha añadido a tu cuenta una llave de acceso para entrar."),
    },
    Notice.PASSKEY_REMOVED: {
        "en": ("A passkey was removed", "a passkey was removed from your account."),
        "es": ("Se ha quitado una llave de acceso", "se ha quitado de tu cuenta una llave de acceso."),
    },
    Notice.PROVIDER_LINKED: {
        "en": (
            "A login provider was linked",
            "your account was linked with a user of another provider, which can now be used to log in.",
        ),
        "es": (
            "Se ha vinculado un proveedor de acceso",
            "tu cuenta se ha vinculado con un usuario de otro proveedor, que ahora sirve para entrar.",
        ),
    },
    Notice.PROVIDER_UNLINKED: {
        "en": (
            "A login provider was unlinked",
            "your account is no longer linked with a user of another provider.",
        ),
        "es": (
            "Se ha desvinculado un proveedor de acceso",
            "tu cuenta ya no está vinculada con un usuario de otro proveedor.",
        ),
    },
}

_NOT_YOU: Final = {
    "en": (
        "If this was not you, recover your password at {site}/recover and check the sessions and API keys of your "
        "account."
    ),
    "es": (
        "Si no has sido tú, recupera tu contraseña en {site}/recover y revisa las sesiones y las claves de API de tu "
        "cuenta."
    ),
}
_WHEN: Final = {"en": "Time: {time} UTC", "es": "Hora: {time} UTC"}


def verification_text(language: Language, *, username: str, link: str, site: str) -> tuple[str, str]:
    """Return subject and text of the mail that verifies an address."""
    subject, lead, end = _VERIFICATION[language]
    return subject, _text(language, username, site, lead, link, end)


def recovery_text(language: Language, *, username: str, link: str, site: str) -> tuple[str, str]:
    """Return subject and text of the mail that recovers a password."""
    subject, lead, end = _RECOVERY[language]
    return subject, _text(language, username, site, lead, link, end)


def notice_text(language: Language, notice: Notice, *, username: str, time: str, site: str) -> tuple[str, str]:
    """Return subject and text of the mail about a change of an account."""
    subject, lead = _NOTICES[notice][language]
    end = _NOT_YOU[language].format(site=site)
    return subject, _text(language, username, site, lead, _WHEN[language].format(time=time), end)


def _text(language: Language, username: str, site: str, *paragraphs: str) -> str:
    greeting, footer = _GREETING[language].format(username=username), _FOOTER[language].format(site=site)
    return "\n\n".join((greeting, *paragraphs, footer)) + "\n"
