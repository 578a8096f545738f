"""Guards by hand over the session."""

from functools import wraps

from flask import Flask, flash, g, redirect, request, session, url_for

app = Flask(__name__)
app.config["SECRET_KEY"] = "for tests only"
USERS = {1: "good"}


@app.before_request
def load_user():
    g.user = USERS.get(session.get("user_id"))


def login_required(view):
    @wraps(view)
    def wrapped(**kwargs):
        if g.user is None:
            flash("sign in first")
            return redirect(url_for("login"))
        return view(**kwargs)

    return wrapped


@app.route("/login", methods=("GET", "POST"))
def login():
    if request.method == "POST":
        if request.json.get("name") != "good":
            return "wrong", 422
        session.clear()
        session["user_id"] = 1
        return redirect(url_for("home"))
    return "form"


@app.get("/")
def home():
    return "home"


@app.get("/notes/<int:note_id>")
@login_required
def note(note_id):
    return str(note_id)


@app.get("/direct")
def direct():
    if "user_id" not in session:
        return redirect("/login")
    return "direct"


@app.get("/greeting")
def greeting():
    return "hello " + session.get("username", "you")


@app.post("/logout")
def logout():
    session.pop("user_id", None)
    return redirect(url_for("home"))
