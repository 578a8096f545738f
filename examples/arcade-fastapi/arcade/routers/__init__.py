from . import admin, auth, clubs, invites, lobbies, me, moderation, oauth, scores, shop, stats, two_factor, webhooks

__all__ = [
    "admin",
    "auth",
    "clubs",
    "invites",
    "lobbies",
    "me",
    "moderation",
    "oauth",
    "scores",
    "shop",
    "stats",
    "two_factor",
    "webhooks",
]
