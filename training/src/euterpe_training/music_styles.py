"""The style of a corpus file by its folder: periods of European composers, and some later genres.

Composers between two periods are assigned to that of most of their pieces; others are not listed.
"""

from pathlib import PurePath
from typing import Final

_COMPOSERS: Final = {
    "renaissance": "byrd palestrina pres",
    "baroque": "albinoni bach boyce corelli handel marcello martini pachelbel paradisi sacrlatt sanz scarlatti vivaldi",
    "classical": "aguado albenizmateo arriaga beethoven carulli cramer dussek field haydn hummel kuhlau mehul mozart "
    "soler sor",
    "romantic": "adam albenizisaac alkan arensky bellini bergmuller berlioz bizet borodin brahms breton bruch bruckner "
    "chabrier chaminade chapi chopin czerny elgar faure flotow franck gounod grieg heller herold hiller jstrauss liszt "
    "mahler mendelssohn messager meyerbeer paderewski puccini rachmaninov rimsky rossini schubert schumann strauss "
    "sullivan tchaikovsky thomas verdi wagner wolf yradier",
    "modern": "barber bartok bax bouwer britten busoni copland debussy delius dupre eshpai garoto holst ives janacek "
    "lobos orff poulenc ravel satie scriabin shostakovich sibelius stravinsky vaughan walton wyschnegradsky",
}
_GENRES: Final = {"jazz": "jazz", "hip_hop": "hip-hop", "nottingham": "folk", "pop909": "pop"}
_STYLE_OF: Final = {name: style for style, names in _COMPOSERS.items() for name in names.split()} | _GENRES
#: Folders of Nottingham and POP909 with parts or versions of pieces that exist elsewhere in the corpus.
_DUPLICATES: Final = {"melody", "chords", "versions"}


def style_of(path: PurePath) -> str | None:
    """Return the style of a file in crnngan-corpus, nottingham or pop909; None for files without one."""
    parts = path.parts[:-1]
    if _DUPLICATES & set(parts):
        return None
    return next((_STYLE_OF[part] for part in parts if part in _STYLE_OF), None)
