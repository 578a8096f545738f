import asyncio
import logging
import os
import smtplib
from email.message import EmailMessage

log = logging.getLogger("arcade.mail")


async def send_mail(to: str, subject: str, text: str) -> None:
    """Sends it, or only says so where there is no mail server."""
    log.info("mail to %s: %s (%d characters)", to, subject, len(text))
    server = os.environ.get("SMTP_HOST")
    if server:
        await asyncio.to_thread(deliver, server, to, subject, text)


def deliver(server: str, to: str, subject: str, text: str) -> None:
    message = EmailMessage()
    message["From"] = "arcade@localhost"
    message["To"] = to
    message["Subject"] = subject
    message.set_content(text)
    with smtplib.SMTP(server) as smtp:
        smtp.send_message(message)
