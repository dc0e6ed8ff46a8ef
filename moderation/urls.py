from django.urls import path

from moderation import views
from moderation.in_groups import views as in_groups

urlpatterns = [
    path("report/<str:kind>/<str:ident>", views.report, name="report"),
    path("g/<slug:slug>/reports", in_groups.group_reports, name="group_reports"),
    path("g/<slug:slug>/reports/<int:case_id>", in_groups.group_report, name="group_report"),
    path("settings/reports", views.my_reports, name="my_reports"),
    path("settings/decisions", views.my_sanctions, name="my_sanctions"),
    path("settings/decisions/<int:sanction_id>/appeal", views.appeal, name="appeal"),
    path("appeal/<str:token>", views.appeal_by_letter, name="appeal_by_letter"),
]
