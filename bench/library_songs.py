"""A million songs with the distribution of two years of use, written to the table with COPY."""

import itertools
import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
from euterpe_library.domain import terms
from euterpe_library.domain.details import KEYS
from euterpe_music.general_midi import INSTRUMENTS

COLUMNS = (
    "source_id", "owner_id", "author", "title", "title_folded", "midi_key", "midi_sha256", "midi_size_bytes", "model",
    "model_version", "seed", "parameters", "duration_seconds", "note_count", "measures", "tags", "key", "tempo_bpm",
    "instruments", "style", "visibility", "published_at", "search_text", "document", "created_at", "updated_at",
)  # fmt: skip
BEGAN = datetime(2024, 10, 1, tzinfo=UTC)
YEARS = timedelta(days=730)
STYLES = ("classical", "folk", "jazz", "pop", "ambient", "film", "baroque", "minimal", "march", "lullaby")
#: Owners with ids heavy, and 0 to OWNERS - 1. The heavy one has every HEAVY_SHARE-th song.
OWNERS = 50_000
HEAVY_SHARE = 200
_MEASURES = (
    "scale_score", "tone_span", "lowest_pitch", "highest_pitch", "mean_pitch", "unique_pitches", "polyphony",
    "notes_per_second", "notes_per_quarter", "unique_durations", "mean_duration_quarters", "velocity_span",
    "longest_run", "repetitions_2", "repetitions_3", "repetitions_4",
)  # fmt: skip


class Vocabulary:
    """Words, tags and models; a few are common and most are rare."""

    def __init__(self, rng: random.Random) -> None:
        syllables = [c + v for c in "bcdfghjklmnprstvwz" for v in ("a", "e", "i", "o", "u", "ai", "or", "en")]
        made = {"".join(rng.choices(syllables, k=rng.randint(2, 4))) for _ in range(25_000)}
        self.words = ["nocturne", "prelude", "rain", "the", "in", "a", "etude", *sorted(made)]
        self.tags = [*STYLES, *(f"tag{number}" for number in range(1000))]
        self._word_weights = _zipf(len(self.words))
        self._tag_weights = _zipf(len(self.tags))

    def title_words(self, rng: random.Random, count: int) -> list[str]:
        """Return `count` words of titles by frequency."""
        return rng.choices(self.words, cum_weights=self._word_weights, k=count)

    def some_tags(self, rng: random.Random, count: int) -> list[str]:
        """Return `count` tags by frequency."""
        return rng.choices(self.tags, cum_weights=self._tag_weights, k=count)


def _zipf(count: int) -> list[float]:
    return list(itertools.accumulate(1 / rank for rank in range(3, count + 3)))


def model_of(share: float, rng: random.Random) -> tuple[str, str]:
    """Return a model that was released at `share` of the period."""
    name = rng.choice(("crnngan-classical", "melody-lstm", "crnngan-folk"))
    return name, f"{1 + int(share * 4)}.{rng.randint(0, 2)}.0"


def rows(count: int, vocabulary: Vocabulary, rng: random.Random) -> Iterator[bytes]:
    """Generates lines for COPY."""
    measures = [json.dumps(_measures(rng)) for _ in range(5000)]
    for number in range(count):
        share = number / count
        made = (BEGAN + share * YEARS).isoformat()
        words = vocabulary.title_words(rng, rng.randint(2, 4))
        tags = list(dict.fromkeys(vocabulary.some_tags(rng, rng.randint(0, 3))))
        model, version = model_of(share, rng)
        seed, key, style = rng.randrange(2**40), rng.choice(KEYS), rng.choice(STYLES)
        names = sorted({INSTRUMENTS[int(rng.paretovariate(0.5)) % 128].name for _ in range(rng.randint(1, 3))})
        title = " ".join(words)
        visibility = "public" if rng.random() < 0.85 else "private"
        owner = "heavy" if number % HEAVY_SHARE == 0 else f"owner-{rng.randrange(OWNERS)}"
        lexemes = [f"o:{owner}", *(f"w:{word}" for word in {*words, *tags}), *(f"g:{tag}" for tag in tags)]
        lexemes += [terms.lexeme(terms.INSTRUMENT, name) for name in names]
        lexemes += [f"m:{model}", f"v:{model}@{version}", f"n:{seed}", f"k:{key.lower()}", f"s:{style}"]
        sha = f"{number:064x}"
        values: Sequence[object] = (
            f"bench-{number}", owner, owner, title.title(), title, f"midi/{sha}.mid", sha, 931, model, version, seed,
            '{"length": 200}', f"{rng.lognormvariate(3.5, 0.8):.3f}", rng.randint(20, 2000), rng.choice(measures),
            f"{{{','.join(tags)}}}", key, f"{rng.gauss(110, 25):.1f}", _array(names), style, visibility,
            made if visibility == "public" else r"\N", "\\n".join([title, *tags]), _vector(lexemes), made, made,
        )  # fmt: skip
        yield ("\t".join(map(str, values)) + "\n").encode()


def _measures(rng: random.Random) -> dict[str, float]:
    return {
        name: rng.randint(5, 60) if name in ("tone_span", "longest_run") else round(rng.betavariate(5, 2), 6)
        for name in _MEASURES
    }


def _array(values: Sequence[str]) -> str:
    return "{" + ",".join(f'"{value}"' for value in values) + "}"


def _vector(lexemes: Sequence[str]) -> str:
    return " ".join(f"'{item}'" for item in lexemes)


async def load(connection: asyncpg.Connection, count: int, vocabulary: Vocabulary, rng: random.Random) -> None:
    """Fill `library.songs`, and create its secondary indexes afterwards."""
    found = await connection.fetch(
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'library' AND tablename = 'songs'"
        " AND indexname NOT IN ('pk_songs', 'uq_songs_source_id')"
    )
    definitions = [row["indexdef"] for row in found]
    for definition in definitions:
        await connection.execute(f"DROP INDEX library.{definition.split()[2]}")
    lines = rows(count, vocabulary, rng)

    async def chunks() -> Iterator[bytes]:  # type: ignore[misc]
        while chunk := b"".join(itertools.islice(lines, 2000)):
            yield chunk

    await connection.copy_to_table("songs", schema_name="library", source=chunks(), columns=COLUMNS)
    await connection.execute("SET maintenance_work_mem = '512MB'")
    for definition in definitions:
        await connection.execute(definition)
    # A tenth of the songs have likes, and few songs have many.
    await connection.execute(
        "INSERT INTO library.song_counts (song_id, like_count, comment_count)"
        " SELECT id, least(1 / (random() + 0.0005), 2000)::int, 0 FROM library.songs"
        " WHERE visibility = 'public' AND random() < 0.1"
    )
    await connection.execute("VACUUM ANALYZE library.songs, library.song_counts")
