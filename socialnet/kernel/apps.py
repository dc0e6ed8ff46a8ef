from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from socialnet.kernel import converters


class KernelConfig(AppConfig):
    """No models: template tags, commands and the path converters that every URLconf may use."""

    name = "socialnet.kernel"
    label = "kernel"
    verbose_name = _("Kernel")

    def ready(self) -> None:
        converters.register()
