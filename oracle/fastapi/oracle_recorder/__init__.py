"""Records what FastAPI and Starlette applications really do."""
