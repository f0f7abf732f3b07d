"""Names of composers and players as they are printed, by the names that corpora give them."""

from typing import Final

#: Names that are not their corpus' name with capital letters.
PRINTED_NAMES: Final[dict[str, str]] = {
    "50_cent": "50 Cent", "albenizisaac": "Albéniz", "bartok": "Bartók", "bergmuller": "Burgmüller",
    "bobberg": "Bob Berg", "branfordmarsalis": "Branford Marsalis", "charlieparker": "Charlie Parker",
    "davidliebman": "David Liebman", "dextergordon": "Dexter Gordon", "donbyas": "Don Byas", "donellis": "Don Ellis",
    "dupre": "Dupré", "fatsnavarro": "Fats Navarro", "faure": "Fauré", "hardelot": "d’Hardelot", "holmes": "Holmès",
    "jaell": "Jaëll", "jjjohnson": "J. J. Johnson", "joehenderson": "Joe Henderson", "joelovano": "Joe Lovano",
    "johncoltrane": "John Coltrane", "le": "Le Beau", "leekonitz": "Lee Konitz", "lesteryoung": "Lester Young",
    "louisarmstrong": "Louis Armstrong", "michaelbrecker": "Michael Brecker", "milesdavis": "Miles Davis",
    "paradis": "von Paradis", "pauldesmond": "Paul Desmond", "rimsky": "Rimsky-Korsakov", "schroter": "Schröter",
    "schumann_clara": "Clara Schumann", "schumann_robert": "Robert Schumann", "sonnyrollins": "Sonny Rollins",
    "stevecoleman": "Steve Coleman", "vaughan-williams": "Vaughan Williams", "wayneshorter": "Wayne Shorter",
    "woodyshaw": "Woody Shaw", "wyntonmarsalis": "Wynton Marsalis", "zootsims": "Zoot Sims",
}  # fmt: skip


def composer_name(name: str) -> str:
    """Return a name of a corpus such as `schumann_clara` or `saint-georges` as it is printed."""
    return PRINTED_NAMES.get(name) or name.replace("_", " ").title()
