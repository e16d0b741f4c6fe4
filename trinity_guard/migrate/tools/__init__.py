"""What `trinity-guard migrate` does around the history engine: choosing, telling, uploading, finishing, other tools."""
