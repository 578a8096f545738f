"""The notice board: routers, limiter and headers."""

from fastapi import FastAPI, Request
from slowapi import _rate_limit_exceeded_handler
from slowapi.errors import RateLimitExceeded

from . import accounts, admin, notes, sockets, store
from .guards import limiter

store.Base.metadata.create_all(store.engine)

app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
app.state.limiter = limiter
app.add_exception_handler(RateLimitExceeded, _rate_limit_exceeded_handler)


@app.middleware("http")
async def careful_headers(request: Request, call_next):
    response = await call_next(request)
    response.headers["Strict-Transport-Security"] = "max-age=31536000"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'self'; frame-ancestors 'none'"
    return response


@app.get("/health")
def health():
    return {"status": "ok"}


app.include_router(accounts.router)
app.include_router(notes.router, prefix="/notes")
app.include_router(admin.router, prefix="/admin")
app.include_router(sockets.router)
