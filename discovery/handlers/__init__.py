from discovery.handlers import trends as trends
