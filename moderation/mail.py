"""The letter to who cannot sign in any more: why, until when, and where to appeal."""

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from accounts.mail import absolute, hand_over
from moderation.models import Sanction
from moderation.selectors import appeal_token


def send_decision(sanction: Sanction) -> None:
    """What stands now: the decision, or the answer to the appeal."""
    person = sanction.person
    with translation.override(person.language):
        facts = {
            "person": person,
            "sanction": sanction,
            "site": settings.PUBLIC_URL,
            "link": absolute(reverse("appeal_by_letter", args=[appeal_token(sanction)])),
        }
        subject = " ".join(render_to_string("moderation/mail/decision_subject.txt", facts).split())
        body = render_to_string("moderation/mail/decision.txt", facts).strip() + "\n"
    hand_over(EmailMessage(subject, body, settings.DEFAULT_FROM_EMAIL, [person.email]))
