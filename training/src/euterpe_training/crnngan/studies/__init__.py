"""Studies of C-RNN-GAN: the thesis' models epoch by epoch, and oversampling of styles."""
