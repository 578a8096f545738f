from channels.generic.websocket import JsonWebsocketConsumer
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed, InvalidToken

from .models import Message, Note


def account_of(scope):
    """Returns the account that the handshake's header proves, or nothing."""
    header = dict(scope["headers"]).get(b"authorization", b"").decode()
    if not header.startswith("Bearer "):
        return None
    tokens = JWTAuthentication()
    try:
        return tokens.get_user(tokens.get_validated_token(header[7:]))
    except (InvalidToken, AuthenticationFailed):
        return None


class Feed(JsonWebsocketConsumer):
    def connect(self):
        self.account = account_of(self.scope)
        if self.account is None:
            self.close(code=4401)
            return
        self.accept()

    def receive_json(self, content):
        if content["type"] == "say":
            Note.objects.create(owner=self.account, text=str(content["text"]))
            self.send_json({"type": "said", "text": content["text"]})


class Wall(JsonWebsocketConsumer):
    def receive_json(self, content):
        if content["type"] == "say":
            Message.objects.create(text=str(content["text"]))
            self.send_json({"type": "said", "text": content["text"]})
