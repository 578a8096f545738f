from fastapi import Header, HTTPException


def require_user(authorization: str | None = Header(default=None)) -> dict:
    if authorization != "Bearer good":
        raise HTTPException(status_code=401)
    return {"id": 7}
