"""Staff's view of finding things."""

from discovery.admin import explore as explore
from discovery.admin import trends as trends
