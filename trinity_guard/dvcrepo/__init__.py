"""DVC's formats and stores: pointers, locks, pipelines, config, the project, its cache; read without importing dvc."""
