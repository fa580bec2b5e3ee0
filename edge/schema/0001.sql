-- Outbox of an edge box, schema 1. Released files never change; a new schema is a new file.
-- Every crc is CRC-32 over the other columns of its row (edge/outbox_crc.py).

-- store: the store id; ledger, floor, ack: what the box knows of the ledger; backup: rows covered by a backup.
CREATE TABLE about (name TEXT PRIMARY KEY, value BLOB NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;

-- key: device 6 | epoch 2 | seq 4 | digest 8; body: PSAM id 6 | wire bytes. row: contiguous, never used again.
CREATE TABLE record (
  row INTEGER PRIMARY KEY,
  key BLOB NOT NULL,
  body BLOB NOT NULL,
  at_ms INTEGER NOT NULL,
  crc INTEGER NOT NULL
);
CREATE UNIQUE INDEX record_key ON record (key);

-- Rows that the ledger has named, as inclusive ranges; dropped and damaged rows are inside. What is not here is owed.
CREATE TABLE settled (low INTEGER PRIMARY KEY, high INTEGER NOT NULL, crc INTEGER NOT NULL);

-- stream: device 6 | epoch 2. All up to seq is settled.
CREATE TABLE mark (stream BLOB PRIMARY KEY, seq INTEGER NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;

-- body: device 6 | storage 8 | PSAM id 6.
CREATE TABLE epoch (body BLOB PRIMARY KEY, epoch INTEGER NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;

-- Rows whose checksum failed, as they were found; never sent, never dropped.
CREATE TABLE damaged (row INTEGER PRIMARY KEY, key BLOB, body BLOB, at_ms INTEGER, crc INTEGER, reason TEXT NOT NULL);

PRAGMA user_version = 1;
