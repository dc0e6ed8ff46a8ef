from discovery.handlers import explore as explore
from discovery.handlers import trends as trends
