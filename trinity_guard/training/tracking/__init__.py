"""Runs in MLflow. What imports MLflow is here."""
