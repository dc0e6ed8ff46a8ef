from django.urls import path

from moderation import api

urlpatterns = [
    path("reports", api.ReportsView.as_view(), name="api_reports"),
    path("me/reports", api.MyReportsView.as_view(), name="api_my_reports"),
    path("me/sanctions", api.MySanctionsView.as_view(), name="api_my_sanctions"),
    path("me/sanctions/<int:sanction_id>/appeal", api.AppealView.as_view(), name="api_appeal"),
]
