"""The trainer: measured text, checked tables, an honest evaluation, MLflow, versions and their lineage."""
