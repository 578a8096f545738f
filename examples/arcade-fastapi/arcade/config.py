from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    database_url: str = "sqlite+aiosqlite:///./arcade.db"
    jwt_secret: str = "arcade-dev-secret-please-change-me"
    web_url: str = "http://localhost:5173"
    refresh_days: int = 30
    github_client_id: str = ""
    github_client_secret: str = ""
    protect_stats: bool = False


settings = Settings()

# Links to a score are only good for looking at it.
SHARE_KEY = "b7c1f0-arcade-share-signing-key-2024"
