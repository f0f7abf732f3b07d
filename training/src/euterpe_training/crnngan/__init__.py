"""C-RNN-GAN (references.md §1): corpora, models, recipes, training, evaluation, export, studies."""
