"""The periods of the composers in the corpora."""

_PERIODS = {
    "renaissance": "byrd palestrina pres monteverdi",
    "baroque": "albinoni bach boyce corelli handel marcello pachelbel purcell sanz scarlatti soler vivaldi telemann",
    "classical period": (
        "adam aguado albenizmateo arriaga beethoven bellini carulli clementi cramer czerny dussek field "
        "haydn hummel kuhlau martini mehul mozart paradisi sor hiller flotow herold rossini weber schoberg"
    ),
    "romantic": (
        "alkan albenizisaac arensky bergmuller berlioz bizet borodin brahms bruch bruckner chabrier "
        "chaminade chopin delius dvorak elgar faure foster franck german gilbert gounod grieg heller "
        "jstrauss lemire liszt mahler maier mendelssohn messager meyerbeer paderewski puccini rachmaninov "
        "rimsky schubert schumann schumann_robert schumann_clara strauss strauss_johann sullivan sousa "
        "tchaikovsky thomas verdi wagner wolf yradier breton chapi busoni joplin"
    ),
    "modern": (
        "alford anderson ansell barber bartok bax berlin binge bouwer britten coates copland debussy dupre "
        "eshpai garoto gershwin holst ibert ives janacek villa-lobos nikolaievich orff poulenc ravel satie "
        "scriabin shostakovich sibelius stravinsky taktak taylor vaughan-williams walton wyschnegradsky "
        "lenar"
    ),
}
_PERIOD_OF = {name: period for period, names in _PERIODS.items() for name in names.split()}


def period_of(composer: str) -> str:
    """Return the period of a composer of the corpora, "" for one that is not listed."""
    return _PERIOD_OF.get(composer, "")
