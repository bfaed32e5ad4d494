-- Which endpoints hear of an event is looked up in the command's own transaction: by index, however many there are.
CREATE INDEX endpoint_hears ON endpoint USING gin (hears) WHERE state = 'enabled';
