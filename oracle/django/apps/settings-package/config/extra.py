import os

WITH_EXTRA = os.environ.get("WITHOUT_EXTRA") is None or True
LOGIN_URL = "/login/"
