"""Guards under a condition on the environment, written in several ways."""

import os

from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    app_env: str = "production"

    @property
    def is_test(self) -> bool:
        return self.app_env == "test"


settings = Settings()
PRODUCTION = os.environ.get("APP_ENV", "development") == "production"


def require_user(authorization: str | None = Header(None)):
    if authorization != "Bearer good":
        raise HTTPException(401)


def require_outside_tests(authorization: str | None = Header(None)):
    if settings.is_test:
        return
    if authorization != "Bearer good":
        raise HTTPException(401)


app = FastAPI()


@app.get("/listed", dependencies=[Depends(require_user)] if PRODUCTION else [])
def listed():
    return {}


@app.get("/inside", dependencies=[Depends(require_outside_tests)])
def inside():
    return {}


@app.get("/always", dependencies=[Depends(require_user)])
def always():
    return {}


if os.getenv("APP_ENV") == "development":

    @app.get("/debug")
    def debug():
        return {}
