"""Whose counts changed and are still to be told."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Touched(models.Model):
    """That the counts of a post changed: written with the change, taken away by the pulse (`interactions.pulse`).

    Written very often and read whole, so it has nothing but its number: no foreign key, no second index.
    """

    id = models.BigAutoField(primary_key=True)
    post_id = models.BigIntegerField()

    class Meta:
        verbose_name = _("touched post")
        verbose_name_plural = _("touched posts")

    def __str__(self) -> str:
        return f"post {self.post_id}"
