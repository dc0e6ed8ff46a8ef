"""How an archive reaches its owner: never by an address that somebody else could use."""

from django.http import HttpResponseBase

from accounts.models import Export, User
from accounts.selectors import export_of
from socialnet.kernel import storage
from socialnet.kernel.errors import NotFound


def download(user: User) -> HttpResponseBase:
    """The archive of `user`; raises `NotFound` while there is none, or when its time is over."""
    export = export_of(user)
    if export is None or export.state != Export.State.READY:
        raise NotFound
    response = storage.serve(export.file, content_type="application/zip", max_age=0)
    response["Cache-Control"] = "private, no-store"
    response["Content-Disposition"] = f'attachment; filename="socialnet-{user.username}.zip"'
    return response
