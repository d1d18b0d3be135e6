"""Mail through Django, to `TO` or to `ADMINS`."""

from smtplib import SMTPException
from typing import Any

from django.core import mail

from holdfast.alarms import wording
from holdfast.alarms.alarm import Alarm
from holdfast.alarms.environment import mail_envelope
from holdfast.alarms.settings import Channel
from holdfast.exceptions import DeliveryFailed

# Django waits for ever where the project says nothing else.
TIMEOUT_SECONDS = 10


def send(channel: Channel, alarm: Alarm) -> None:
    """Send one mail to all."""
    envelope = mail_envelope()
    recipients = channel.options["TO"] or envelope.admins
    if not recipients:
        raise DeliveryFailed("nobody is to get the mail", 'Set "TO" of the channel, or ADMINS.')
    message = mail.EmailMessage(
        subject=f"{envelope.prefix}{wording.headline(alarm)}",
        body=wording.plain(alarm),
        from_email=envelope.sender,
        to=list(recipients),
    )
    try:
        sent = _mailer().send_messages([message])
    except (OSError, SMTPException, ValueError) as error:
        # An SMTP server may answer with what it was sent.
        raise DeliveryFailed(f"the mail was not sent: {type(error).__name__}", "Try `sendtestemail`.") from None
    if not sent:
        raise DeliveryFailed("the mail was not sent", "Try `sendtestemail`.")


def _mailer() -> Any:
    # Django 6.1 has mailers, and warns of what was there before.
    mailers = getattr(mail, "mailers", None)
    mailer: Any = mail.get_connection() if mailers is None else mailers.default
    if getattr(mailer, "timeout", TIMEOUT_SECONDS) is None:
        mailer.timeout = TIMEOUT_SECONDS
    return mailer
