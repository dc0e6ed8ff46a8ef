"""The page of one's own e-mail address."""

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.manage_email import sync_user_email_address
from allauth.account.models import EmailAddress
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import actions
from accounts.errors import InvalidFields, WrongPassword
from accounts.forms import AddressForm, add_errors
from accounts.guessing import count_password


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def email_address(request: HttpRequest) -> HttpResponse:
    """Another address, with the password; or what to do about the one that waits. In place of allauth's page, which
    asks for no password."""
    sync_user_email_address(request.user)
    if "action_send" in request.POST:
        actions.resend_confirmation(user=request.user)
        if waiting := EmailAddress.objects.get_new(request.user):
            _say_sent(request, waiting.email)
        return redirect("account_email")
    if "action_remove" in request.POST:
        actions.withdraw_email_change(user=request.user)
        messages.success(request, _("Your address stays as it is."))
        return redirect("account_email")
    form = AddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        count_password(request.user.pk)
        try:
            actions.ask_email_change(user=request.user, **form.cleaned_data)
        except (WrongPassword, InvalidFields) as error:
            add_errors(form, error)
        else:
            _say_sent(request, form.cleaned_data["email"])
            return redirect("account_email")
    facts = {
        "form": form,
        "new_emailaddress": EmailAddress.objects.get_new(request.user),
        "current_emailaddress": EmailAddress.objects.get_verified(request.user),
    }
    return render(request, "account/email_change.html", facts, status=400 if form.errors else 200)


def _say_sent(request: HttpRequest, email: str) -> None:
    letter = "account/messages/email_confirmation_sent.txt"
    get_adapter(request).add_message(request, messages.INFO, letter, {"email": email})
