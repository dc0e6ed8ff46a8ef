from discovery.tasks import trends as trends
