"""What each installed hook does and says; the commands of the same names do it by hand."""
