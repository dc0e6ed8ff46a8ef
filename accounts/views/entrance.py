"""The way in: sign-up, and the letters that a developer follows. The rest of it are allauth's own views."""

from email import message_from_bytes, policy
from typing import Any

from allauth.account.views import LoginView, SignupView
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts import actions
from accounts.errors import EmailInUse, InvalidFields, WritingRefused
from accounts.forms import add_errors
from socialnet.kernel import ratelimit
from socialnet.kernel.errors import Forbidden, NotFound


class SignUp(SignupView):
    """allauth's page; what turns out to be taken only when the row is written is said beside its field."""

    def form_valid(self, form: Any) -> HttpResponse:
        ratelimit.check("register", ratelimit.address_of(self.request))
        try:
            if form.account_already_exists:  # nobody is made, and what others would be told is told
                actions.screen_names(form.cleaned_data["username"], form.cleaned_data["display_name"])
            response: HttpResponse = super().form_valid(form)
            return response
        except InvalidFields as error:
            renamed = {
                "password1" if name == "password" else name: lines for name, lines in error.errors.items()
            }
            add_errors(form, InvalidFields(**renamed))
        except EmailInUse as error:
            form.add_error("email", str(error.sentence))
        except WritingRefused as error:
            add_errors(form, error)
        return self.form_invalid(form)


class SignIn(LoginView):
    """allauth's page; the attempt after the last one is refused in the form, which keeps the name."""

    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        if form.refused:
            response.status_code = form.refused.status
            response["Retry-After"] = str(form.refused.retry_after)
        return response


login = SignIn.as_view()
signup = SignUp.as_view()


def admin_login(request: HttpRequest) -> HttpResponse:
    """In place of Django's own form, which knows nothing of second factors, suspensions and limits."""
    if request.user.is_authenticated:
        raise Forbidden
    return redirect(f"{reverse('account_login')}?{request.GET.urlencode()}")


@require_GET
def dev_mail(request: HttpRequest) -> HttpResponse:
    """Letters that were printed instead of sent; only while developing."""
    if not settings.DEBUG:
        raise NotFound
    letters = []
    for path in sorted(settings.MAIL_BOX.glob("*.eml"), reverse=True)[:50]:
        letter = message_from_bytes(path.read_bytes(), policy=policy.default)
        letters.append(
            {
                "subject": letter["Subject"],
                "to": letter["To"],
                "body": text.get_content() if (text := letter.get_body(("plain",))) else "",
                "sent_at": letter["Date"].datetime,
            }
        )
    return render(request, "dev/mail.html", {"mails": letters})
