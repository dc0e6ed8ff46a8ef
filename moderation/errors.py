"""What cannot be reported, decided or appealed."""

from django.utils.translation import gettext_lazy as _

from socialnet.kernel.errors import OVERTAKEN, Conflict, Forbidden, Invalid


class OwnReport(Invalid):
    code = "own_report"
    sentence = _("This is your own. You can delete it instead.")


class NotInForce(Conflict):
    """The decision has ended meanwhile."""

    code = "sanction_over"
    sentence = _("This decision is not in force any more.")


class AppealedAlready(Conflict):
    code = "appealed_already"
    sentence = _("You appealed already; the answer, once it is there, is final.")


class CaseClosed(Conflict):
    """Another moderator was faster."""

    code = "case_closed"
    title = OVERTAKEN
    sentence = _("This case is closed already.")


class WithTheSite(Conflict):
    """The group's moderators had their time, or passed it on."""

    code = "case_with_site"
    sentence = _("The site's moderators look after this by now.")


class NotAgainstStaff(Forbidden):
    """Who moderates is no moderator's to judge; an administrator takes the role away first."""

    code = "not_against_staff"
    sentence = _("Staff cannot be sanctioned. Take their role away first.")
