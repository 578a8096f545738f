"""One hook for everything, with a list of what is open."""

from flask import Flask, abort, jsonify, request, session

app = Flask(__name__)
app.secret_key = "for tests only"
OPEN = {"index", "login"}


@app.before_request
def everything_else():
    if request.endpoint in OPEN:
        return None
    if request.path.startswith("/public/"):
        return None
    if request.method == "OPTIONS":
        return None
    if not session.get("logged_in"):
        abort(401)
    return None


@app.get("/")
def index():
    return "index"


@app.post("/login")
def login():
    session["logged_in"] = True
    return "in"


@app.get("/public/<path:name>")
def public(name):
    return name


@app.get("/things")
def things():
    return jsonify([])


@app.delete("/things/<uuid:thing>")
def remove(thing):
    return "", 204
