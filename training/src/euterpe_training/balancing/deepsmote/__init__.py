"""DeepSMOTE (Dablain, Krawczyk and Chawla 2021): SMOTE in the latent space of an autoencoder."""

from euterpe_training.balancing.deepsmote.method import DeepSmote

__all__ = ["DeepSmote"]
