-- Outbox of an edge box, from schema 1 to schema 2. Released files never change; a new schema is a new file.

-- Documents of the fleet 下发文件 that are held here. name: kind 1 | scope 7; head: the signed head and the key that
-- proves it (edge/outbox/documents.py). A damaged one is as good as not there: the platform sends it again. crc: four
-- bytes, always, so that a row keeps its size and a change of a long document writes the pages that differ.
CREATE TABLE document (name BLOB PRIMARY KEY, head BLOB NOT NULL, body BLOB NOT NULL, crc BLOB NOT NULL);

PRAGMA user_version = 2;
