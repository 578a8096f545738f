from slowapi import Limiter
from starlette.requests import Request


def client_key(request: Request) -> str:
    return request.headers.get("X-Forwarded-For", request.client.host if request.client else "?")


limiter = Limiter(key_func=client_key, default_limits=["300/minute"])
