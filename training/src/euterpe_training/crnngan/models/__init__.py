"""The networks of C-RNN-GAN, in PyTorch.

A new layer of the generator must also be implemented in `rollout.py` and in the graph of `crnngan/export`.
"""
