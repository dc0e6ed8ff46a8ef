"""The pages and the API, for granian."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "socialnet.settings")
application = get_wsgi_application()
