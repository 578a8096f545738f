"""Sub-applications: the dependencies of the outer application do not reach into a mounted one, its middleware does."""

from fastapi import Depends, FastAPI, Header, HTTPException, Request


def require_user(authorization: str | None = Header(None)):
    if authorization != "Bearer good":
        raise HTTPException(401)


app = FastAPI(dependencies=[Depends(require_user)])
admin = FastAPI()
reports = FastAPI(dependencies=[Depends(require_user)])


@app.middleware("http")
async def stamp(request: Request, call_next):
    return await call_next(request)


@app.get("/me")
def me():
    return {}


@admin.delete("/users/{user_id}")
def remove_user(user_id: int):
    return {"removed": user_id}


@reports.get("/daily")
def daily():
    return []


admin.mount("/reports", reports)
app.mount("/admin", admin)
