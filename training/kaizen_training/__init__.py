"""Training side of Kaizen Edge: data, networks and the steps of the SageMaker pipeline."""
