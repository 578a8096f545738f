"""Records what Flask applications really do."""
