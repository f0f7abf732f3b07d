"""Typical and extreme searches: every filter, order and combination, with rare and common values."""

import random
from collections.abc import Iterator
from urllib.parse import urlencode

from euterpe_library.domain.details import KEYS
from euterpe_library.domain.filters import FILTERED_MEASURES
from euterpe_music.general_midi import INSTRUMENTS
from library_songs import BEGAN, STYLES, YEARS, Vocabulary, model_of

SORTS = ("newest", "oldest", "title", "longest", "shortest", "liked")
Query = dict[str, object]


class Queries:
    """Generates random queries."""

    def __init__(self, vocabulary: Vocabulary, rng: random.Random) -> None:
        self._vocabulary = vocabulary
        self._rng = rng
        #: Kind of search → function that generates its parameters.
        self.kinds = {
            "common word": lambda: {"q": rng.choice(vocabulary.words[:10])},
            "word": lambda: {"q": vocabulary.title_words(rng, 1)[0]},
            "rare word": lambda: {"q": rng.choice(vocabulary.words[5000:])},
            "absent word": lambda: {"q": "xylqzv" + rng.choice("abc")},
            "two words": lambda: {"q": " ".join(vocabulary.title_words(rng, 2))},
            "phrase": lambda: {"q": '"' + " ".join(vocabulary.title_words(rng, 2)) + '"'},
            "word without another": lambda: {"q": " -".join(vocabulary.title_words(rng, 2))},
            "part of a word": self._part,
            "one or two letters": lambda: {"q": rng.choice(vocabulary.words)[: rng.randint(1, 2)]},
            "symbols": lambda: {"q": rng.choice(["!!!", "%", "夜想曲", "夜", "_ _", "\\"])},
            "model": lambda: {"model": self._model()[0]},
            "model and version": lambda: dict(zip(("model", "model_version"), self._model(), strict=True)),
            "unknown model": lambda: {"model": "no-such-model"},
            "seed": lambda: {"seed": rng.randrange(2**40)},
            "instrument": lambda: {"instrument": rng.choice(INSTRUMENTS).name},
            "two instruments": lambda: {"instrument": [one.name for one in rng.sample(INSTRUMENTS[:40], 2)]},
            "key": lambda: {"key": rng.choice(KEYS)},
            "style": lambda: {"style": rng.choice((*STYLES, "polka"))},
            "tag": lambda: {"tag": vocabulary.some_tags(rng, 1)},
            "two tags": lambda: {"tag": vocabulary.some_tags(rng, 2)},
            "tempo": self._tempo,
            "duration": self._duration,
            "measure": self._measure,
            "date": self._date,
        }  # fmt: skip

    def draw(self, count: int) -> Iterator[tuple[str, str, str]]:
        """Yield kind, path with query, and user: each kind in each order, then combinations of two to four."""
        alone = [(kind, sort) for kind in self.kinds for sort in SORTS]
        for kind, sort in alone:
            yield from self._asked(kind, self.kinds[kind](), sort)
        for _ in range(count - 2 * len(alone)):
            chosen = self._rng.sample(list(self.kinds), self._rng.randint(2, 4))
            query: Query = {}
            for kind in chosen:
                query |= self.kinds[kind]()
            yield from self._asked(f"{len(chosen)} filters", query, self._rng.choice(SORTS), both=False)
        for kind in self.kinds:
            yield (
                f"facets: {kind}",
                "/api/v1/library/explore/facets?" + urlencode(self.kinds[kind](), True),
                "anonymous",
            )

    def _asked(self, kind: str, query: Query, sort: str, *, both: bool = True) -> Iterator[tuple[str, str, str]]:
        text = urlencode(query | {"sort": sort}, doseq=True)
        yield f"{kind}, {sort}" if both else kind, f"/api/v1/library/explore?{text}", "anonymous"
        if both:
            yield f"own: {kind}", f"/api/v1/songs?{text}", "heavy"

    def _model(self) -> tuple[str, str]:
        return model_of(self._rng.random(), self._rng)

    def _part(self) -> Query:
        word = self._rng.choice([word for word in self._vocabulary.words[:3000] if len(word) > 5])
        begin = self._rng.randint(1, len(word) - 4)
        return {"q": word[begin : begin + self._rng.randint(3, 5)]}

    def _tempo(self) -> Query:
        low = self._rng.uniform(40, 180)
        return {"tempo_min": low, "tempo_max": low + self._rng.choice([0.1, 1, 10, 60])}

    def _duration(self) -> Query:
        low = self._rng.lognormvariate(3.5, 0.8)
        return {"duration_min": low, "duration_max": low + self._rng.choice([0.01, 1, 30, 600])}

    def _measure(self) -> Query:
        name = self._rng.choice(FILTERED_MEASURES)
        low = self._rng.randint(5, 60) if name == "tone_span" else self._rng.betavariate(5, 2)
        return {"measure": f"{name}:{low}:{low + self._rng.choice([0.001, 0.01, 0.2])}"}

    def _date(self) -> Query:
        since = BEGAN + self._rng.random() * YEARS
        return {
            "since": since.isoformat(),
            "until": (since + self._rng.choice([0.0001, 0.01, 0.3]) * YEARS).isoformat(),
        }
