"""Rules: converters, defaults, slashes, several rules for a view."""

from flask import Flask, redirect, request

app = Flask(__name__, static_folder=None)


@app.route("/n/<int:number>/<float:share>")
def numbers(number, share):
    return str(number * share)


@app.route("/f/<path:name>", methods=["GET", "DELETE"])
def files(name):
    return name


@app.route("/k/<any(red, green):colour>")
def colours(colour):
    return colour


@app.route("/u/<string(length=3):code>", strict_slashes=False)
def codes(code):
    return code


@app.route("/list/", defaults={"page": 1})
@app.route("/list/<int:page>")
def pages(page):
    return str(page)


@app.route("/both", methods=["get", "Post", "OPTIONS"])
def both():
    return request.method


@app.route("/twice")
def twice():
    return "first"


@app.route("/twice", endpoint="twice_again")
def twice_again():
    if request.headers.get("X-API-Key") != "good":
        return "no", 401
    return "second"


@app.get("/old")
def old():
    return redirect("/both")


@app.put("/put")
def put():
    return "put"


@app.patch("/patch")
def patch():
    return "patch"
