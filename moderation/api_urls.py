from django.urls import path

from moderation import api
from moderation.in_groups import api as in_groups

urlpatterns = [
    path("reports", api.ReportsView.as_view(), name="api_reports"),
    path("groups/<str:slug>/reports", in_groups.GroupReportsView.as_view(), name="api_group_reports"),
    path(
        "groups/<str:slug>/reports/<int:case_id>",
        in_groups.GroupReportView.as_view(),
        name="api_group_report",
    ),
    path("me/reports", api.MyReportsView.as_view(), name="api_my_reports"),
    path("me/sanctions", api.MySanctionsView.as_view(), name="api_my_sanctions"),
    path("me/sanctions/<int:sanction_id>/appeal", api.AppealView.as_view(), name="api_appeal"),
]
