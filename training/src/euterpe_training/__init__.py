"""Training of the models behind Euterpe: corpora, models, recipes, export. Never imported by a service."""
