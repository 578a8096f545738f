from fastapi import HTTPException, Request


async def current_user(request: Request):
    if request.headers.get("Authorization") != "Bearer good":
        raise HTTPException(status_code=401)
    return 7
