"""Objects that commits name go to the remote: upload, the queue, the background, the gate."""
