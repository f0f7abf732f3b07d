"""The networks of C-RNN-GAN, in PyTorch."""
