import datetime as dt
from uuid import uuid4

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


def new_id() -> str:
    return uuid4().hex


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


class Base(DeclarativeBase):
    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)


class User(Base):
    __tablename__ = "users"

    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str | None]
    role: Mapped[str] = mapped_column(default="player")
    coins: Mapped[int] = mapped_column(default=100)
    bio: Mapped[str] = mapped_column(default="")
    banned: Mapped[bool] = mapped_column(default=False)
    github_id: Mapped[str | None] = mapped_column(unique=True)
    totp_secret: Mapped[str | None]
    totp_enabled: Mapped[bool] = mapped_column(default=False)


class RefreshToken(Base):
    __tablename__ = "refresh_tokens"

    token_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    expires_at: Mapped[dt.datetime]
    revoked: Mapped[bool] = mapped_column(default=False)


class ResetCode(Base):
    __tablename__ = "reset_codes"

    code: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[dt.datetime] = mapped_column(default=now)


class Club(Base):
    __tablename__ = "clubs"

    name: Mapped[str]
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    motto: Mapped[str] = mapped_column(default="")


class Membership(Base):
    __tablename__ = "memberships"
    __table_args__ = (UniqueConstraint("club_id", "user_id"),)

    club_id: Mapped[str] = mapped_column(ForeignKey("clubs.id", ondelete="CASCADE"))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(default="member")


class Trophy(Base):
    __tablename__ = "trophies"

    club_id: Mapped[str] = mapped_column(ForeignKey("clubs.id", ondelete="CASCADE"))
    title: Mapped[str]


class Invite(Base):
    __tablename__ = "invites"

    code: Mapped[str] = mapped_column(unique=True)
    club_id: Mapped[str] = mapped_column(ForeignKey("clubs.id", ondelete="CASCADE"))
    email: Mapped[str]
    role: Mapped[str] = mapped_column(default="member")
    used: Mapped[bool] = mapped_column(default=False)


class Item(Base):
    __tablename__ = "items"

    name: Mapped[str]
    price: Mapped[int]


class Purchase(Base):
    __tablename__ = "purchases"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    item_id: Mapped[str] = mapped_column(ForeignKey("items.id"))
    quantity: Mapped[int]
    cost: Mapped[int]


class Claim(Base):
    __tablename__ = "claims"
    __table_args__ = (UniqueConstraint("user_id", "reward"),)

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    reward: Mapped[str]


class Order(Base):
    __tablename__ = "orders"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    coins: Mapped[int]
    status: Mapped[str] = mapped_column(default="pending")


class Lobby(Base):
    __tablename__ = "lobbies"

    name: Mapped[str]
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    seats: Mapped[int] = mapped_column(default=3)
    started: Mapped[bool] = mapped_column(default=False)


class Seat(Base):
    __tablename__ = "seats"
    __table_args__ = (UniqueConstraint("lobby_id", "user_id"),)

    lobby_id: Mapped[str] = mapped_column(ForeignKey("lobbies.id", ondelete="CASCADE"))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))


class Chat(Base):
    __tablename__ = "chats"

    lobby_id: Mapped[str]
    author_id: Mapped[str | None]
    text: Mapped[str]
