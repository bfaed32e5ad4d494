-- An inbox is read in the order in which things happened, from the newest on.
CREATE INDEX notification_recorded ON notification (recorded, id);
