"""Words that moderators often send."""

from django.contrib import admin
from unfold.admin import ModelAdmin

from moderation.models import AnswerTemplate


@admin.register(AnswerTemplate)
class AnswerTemplateAdmin(ModelAdmin):
    list_display = ["name", "measure"]
