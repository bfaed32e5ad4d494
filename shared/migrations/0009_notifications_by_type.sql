-- An inbox is read by kind of notification, too, in the order in which things happened.
CREATE INDEX notification_of_type ON notification (type, recorded, id);
