"""The words of the digest, in English and Spanish."""

from collections.abc import Sequence
from typing import Final

from euterpe_library.domain.notifications import Kind, Notification

#: Notifications in a digest; further ones are in the next.
MAX_NOTIFICATIONS: Final = 50

_SENTENCES: Final = {
    "en": {
        "like": "{actor} liked “{song}”",
        "comment": "{actor} commented on “{song}”",
        "reply": "{actor} replied to you on “{song}”",
        "mention": "{actor} mentioned you on “{song}”",
        "follow": "{actor} follows you",
        "remix": "{actor} published “{song}”, made from a piece of yours",
        "generation": "“{song}” is finished",
        "report:kept": "A moderator reviewed the comment that you reported: it stays",
        "report:hidden": "A moderator has hidden the comment that you reported",
        "moderation:hidden": "A moderator has hidden your comment on “{song}”",
        "moderation:banned": "A moderator has hidden your comment on “{song}” and banned you",
        "reason": "Reason: {reason}",
        "until": "The ban ends on {end}.",
        "a user": "A user",
        "piece": "a piece",
        "subject": "One new notification|{n} new notifications",
        "lead": "This happened on Euterpe:",
        "settings": "You get this message because of your settings. To change them or to unsubscribe:",
    },
    "es": {
        "like": "A {actor} le gusta «{song}»",
        "comment": "{actor} ha comentado «{song}»",
        "reply": "{actor} te ha respondido en «{song}»",
        "mention": "{actor} te ha mencionado en «{song}»",
        "follow": "{actor} te sigue",
        "remix": "{actor} ha publicado «{song}», hecha a partir de una pieza tuya",
        "generation": "«{song}» está lista",
        "report:kept": "Un moderador ha revisado el comentario que denunciaste: se mantiene",
        "report:hidden": "Un moderador ha ocultado el comentario que denunciaste",
        "moderation:hidden": "Un moderador ha ocultado tu comentario en «{song}»",
        "moderation:banned": "Un moderador ha ocultado tu comentario en «{song}» y te ha expulsado",
        "reason": "Motivo: {reason}",
        "until": "La expulsión termina el {end}.",
        "a user": "Alguien",
        "piece": "una pieza",
        "subject": "Una notificación nueva|{n} notificaciones nuevas",
        "lead": "Esto ha pasado en Euterpe:",
        "settings": "Recibes este mensaje por tus ajustes. Para cambiarlos o darte de baja:",
    },
}


def digest_subject(items: Sequence[Notification], language: str) -> str:
    """Return the subject: the sentence of a single notification, or their number."""
    one, _, many = _words(language)["subject"].partition("|")
    return f"Euterpe: {one if len(items) == 1 else many.format(n=len(items))}"


def digest_text(items: Sequence[Notification], language: str, site_url: str) -> str:
    """Return the text: a sentence per notification with its quotation and its link."""
    words = _words(language)
    parts = [words["lead"], *(_item(item, words, site_url) for item in items)]
    parts.append(f"{words['settings']}\n{site_url}/notifications")
    return "\n\n".join(parts) + "\n"


def _item(item: Notification, words: dict[str, str], site_url: str) -> str:
    decides = item.kind in (Kind.REPORT, Kind.MODERATION)
    key = f"{item.kind.value}:{item.text}" if decides else item.kind.value
    actor, song = item.actor or words["a user"], item.song_title or words["piece"]
    lines = [f"* {words[key].format(actor=actor, song=song)}"]
    quotation = item.comment_text if decides else item.text
    if quotation:
        lines.append(f"  > {quotation}")
    if item.reason:
        lines.append(f"  {words['reason'].format(reason=item.reason)}")
    if item.banned_until:
        lines.append(f"  {words['until'].format(end=f'{item.banned_until:%Y-%m-%d %H:%M} UTC')}")
    if item.kind is Kind.FOLLOW:
        lines.append(f"  {site_url}/authors/{item.actor_id}")
    elif item.song_id is not None and item.song_title is not None:
        lines.append(f"  {site_url}/library/songs/{item.song_id}")
    return "\n".join(lines)


def _words(language: str) -> dict[str, str]:
    return _SENTENCES.get(language, _SENTENCES["en"])
