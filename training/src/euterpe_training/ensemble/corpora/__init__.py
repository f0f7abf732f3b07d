"""Sources of music for the ensemble model, and their conversion to one form."""
