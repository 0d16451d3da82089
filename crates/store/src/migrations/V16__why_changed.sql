-- What whoever changed the file from a page said of the change.
ALTER TABLE revisions ADD COLUMN comment TEXT;
