"""Tables of one's own: any columns, any of scikit-learn's estimators, with the same honesty."""
