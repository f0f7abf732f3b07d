"""Generator: models, durable generations and the inference engine."""
