"""Rewrite an Outlook message (`.msg`) as an ordinary mail. Hostile input: call it in a reader process.

Outlook keeps a received mail in parts, and not the bytes that its sender signed.
"""

from __future__ import annotations

import io
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, parseaddr

COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How an Outlook message begins, and old files of Word and Excel, too."""

_KEPT = ("From", "Reply-To", "To", "Date", "Message-ID")
MAX_OUTLOOK_PARTS = 1000


def as_mail(content: bytes) -> bytes:
    """The message as RFC 5322 text with its attachments; ValueError if it is not a message or cannot be read."""
    from oxmsg import Message

    mail = EmailMessage()
    try:
        message = Message.load(io.BytesIO(content))
        headers = {name.title(): value for name, value in message.message_headers.items()}
        kept = {name: headers[name.title()] for name in _KEPT if name.title() in headers}
        kept.setdefault("From", message.sender or "")
        kept.setdefault("To", ", ".join(formataddr((each.name, each.email_address)) for each in message.recipients))
        if message.sent_date:
            kept.setdefault("Date", format_datetime(message.sent_date))
        for name, value in (kept | {"Subject": message.subject or ""}).items():
            if line := " ".join(str(value).split()):
                mail[name] = line if name != "From" or parseaddr(line)[1] else formataddr((line, ""))
        mail.set_content(message.body or "")
        if message.html_body:
            mail.add_alternative(message.html_body, subtype="html")
        for attachment in list(message.attachments)[:MAX_OUTLOOK_PARTS]:
            if attachment.file_bytes is not None:
                mail.add_attachment(
                    attachment.file_bytes, maintype="application", subtype="octet-stream",
                    filename=" ".join((attachment.file_name or "attachment").split()),
                )  # fmt: skip
        return mail.as_bytes()
    except (OSError, LookupError, AttributeError, TypeError, ValueError, AssertionError) as error:
        raise ValueError(f"it cannot be read as an Outlook message ({type(error).__name__})") from None
