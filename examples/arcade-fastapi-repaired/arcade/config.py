from typing import Annotated

from pydantic import StringConstraints
from pydantic_settings import BaseSettings

Secret = Annotated[str, StringConstraints(min_length=32)]


class Settings(BaseSettings):
    """The secrets have no default: without them the application does not start."""

    jwt_secret: Secret
    share_secret: Secret
    job_key: Secret
    payment_secret: Secret
    partner_secret: Secret
    database_url: str = "sqlite+aiosqlite:///./arcade.db"
    public_url: str = "http://localhost:4000"
    web_url: str = "http://localhost:5173"
    refresh_days: int = 30
    github_client_id: str = ""
    github_client_secret: str = ""


settings = Settings()
