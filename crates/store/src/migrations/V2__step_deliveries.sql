-- What became of an alert: looked up for each request that is explained.
CREATE INDEX deliveries_by_alert ON deliveries (alert);
