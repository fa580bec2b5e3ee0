-- Outbox of an edge box, from schema 2 to schema 3. Released files never change; a new schema is a new file.

-- Addresses on a CAN bus that this box has given. name: device 6 | link; the device is the one that edge.json names at
-- that position, whichever body stands there. A damaged row is as good as not there: the body proves where it is.
CREATE TABLE address (name BLOB PRIMARY KEY, address INTEGER NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;

PRAGMA user_version = 3;
