"""What a view may return, and what refuses."""

from flask import Flask, Response, jsonify, make_response, request

app = Flask(__name__)


def good():
    return request.headers.get("Authorization") == "Bearer good"


def refuse(code=401):
    response = jsonify(error="no")
    response.status_code = code
    return response


@app.get("/tuple")
def by_tuple():
    if not good():
        return "no", 401, {"X-Why": "sign in"}
    return "yes"


@app.get("/response")
def by_response():
    if not good():
        return Response("no", status=403)
    return Response("yes")


@app.get("/text-status")
def by_text():
    if not good():
        return Response("no", "401 UNAUTHORIZED")
    return {"ok": True}


@app.get("/made")
def by_made():
    if good():
        response = make_response({"ok": True}, 201)
        response.set_cookie("seen", "1")
        return response
    return make_response("no", 401)


@app.get("/helper")
def by_helper():
    if not good():
        return refuse()
    return [1, 2]


@app.get("/variable")
def by_variable():
    answer, code = ({"ok": True}, 200) if good() else ({"error": "no"}, 401)
    return answer, code


@app.get("/status-only")
def by_status():
    status = 200
    if not good():
        status = 401
    return "text", status


@app.get("/listed")
def listed():
    things = [1, 2, 3] if good() else []
    return jsonify(things)
