"""Export of trained C-RNN-GAN weights as bundles."""
